import type { ImAddress } from '@gatehouse/im-model'
import type { AccountId } from './ids.ts'

/** An account on the network that belongs to one of our users. */
export interface LinkedAccount {
  readonly id: AccountId
  /** Our user. */
  readonly owner: ImAddress
  /** Name of the account as the network knows it. */
  readonly login: string
  /** Reads the secret (password, token); not kept, not logged. */
  readonly secret: () => string
  /** What else `gatehouse link` was given: `nick`, `saslMechanism` …; keys are the connector's. */
  readonly settings: Readonly<Record<string, string>>
}
