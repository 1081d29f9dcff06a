import type { ConnectorFactory } from '@gatehouse/bridge-kit'
import { gateway } from './gateway/connector.ts'
import { irc } from './irc/connector.ts'
import { xmpp } from './xmpp/connector.ts'

/** Every connector that is shipped; a new one is one more line. */
export const connectors = [gateway, irc, xmpp] as unknown as readonly ConnectorFactory<never>[]
