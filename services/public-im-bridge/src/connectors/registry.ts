import type { ConnectorFactory } from '@gatehouse/bridge-kit'

/** Every connector that is shipped; a new one is one more line. */
export const connectors: readonly ConnectorFactory<never>[] = []
