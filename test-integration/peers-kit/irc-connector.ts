import type {
  AccountHandling,
  BridgeConnector,
  LinkedAccount,
  PresenceHandling,
  ReceiptHandling,
  TypingHandling,
} from '@gatehouse/bridge-kit'
import type { TestContext } from '@gatehouse/bridge-kit/test'
import type { DeliveryOutcome, PresenceEvent } from '@gatehouse/im-model'
import { irc, ircConfig } from '@gatehouse/public-im-bridge'
import type { RunningIrcNetwork } from './inspircd.ts'

export type IrcConnector = BridgeConnector & AccountHandling & TypingHandling & ReceiptHandling & PresenceHandling

/** Under which our users know the people of the network. */
export const IRC_DOMAIN = 'irc.contoso.example'

export interface IrcSettings {
  readonly ownership?: 'check' | 'trust-nick'
  readonly askAwayMs?: number
}

/** The connector without the bridge around it, at a pace that networks in tests bear. */
export async function openIrcConnector(network: RunningIrcNetwork, context: TestContext, settings: IrcSettings): Promise<IrcConnector> {
  const flood = { burstLines: 100, msPerLine: 1 }
  const config = ircConfig.parse({ host: network.host, port: network.port, domain: IRC_DOMAIN, flood, ...settings })
  const connector = irc.create(config, context) as IrcConnector
  await connector.start()
  return connector
}

/** What the owner of an account says of themselves, or asks of somebody's presence. */
export function presenceTo(
  connector: IrcConnector,
  { id, owner }: LinkedAccount,
  to: string,
  presence: Omit<PresenceEvent, 'kind'>,
): Promise<DeliveryOutcome> {
  return connector.sendPresence({
    envelope: {
      id: new Uint8Array(16),
      receivedAtMs: 0,
      from: owner,
      to: { user: to, domain: IRC_DOMAIN },
      conversation: 'c',
      content: { kind: 'presence', ...presence },
    },
    side: 'external',
    account: id,
    mark: 'verified',
    evidence: 'V3',
    deadlineMs: Date.now() + 20_000,
  })
}
