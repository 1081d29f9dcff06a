import type { DeliveryOutcome, MessageEvent } from '@gatehouse/im-model'
import type { Addressing } from './addressing.ts'
import type { Capabilities } from './capabilities.ts'
import type { Handover } from './handover.ts'

/** What a connector is, as data. */
export interface ConnectorInfo {
  /** Port of the subject `deliver.<port>` and the word policy objects `Network` have in `protocol`: `xmpp`, `irc`. */
  readonly protocol: string
  /**
   * `servers`: it speaks with servers, for all of our users. `accounts`: it logs in as somebody, once for each linked account
   * (then it is an `AccountHandling`).
   */
  readonly kind: 'servers' | 'accounts'
  /** Domains its people have; `*`: any domain that is neither ours nor a partner's. */
  readonly domains: readonly string[]
  readonly capabilities: Capabilities
}

/**
 * What every connector does. It brings over; it decides nothing, keeps no order, remembers nothing for the next start and knows no other
 * part of the gate: that is the core's business, once for all networks. What else a network can do stands in interfaces of its own
 * (`features.ts`), which the core only uses where `supports` says so.
 */
export interface BridgeConnector {
  readonly info: ConnectorInfo
  readonly addressing: Addressing

  /**
   * Called once, before anything else. Opens listeners and whatever all accounts share. Rejects when it can never work (a port that is
   * taken, a file that is missing); a network that is away is no reason: report the state and keep trying.
   */
  start(): Promise<void>

  /**
   * Called once; afterwards nothing is received and nothing runs any more: no socket, no timer. What is under way may finish for `graceMs`.
   * Deliveries that come later fail with certainty.
   */
  stop(graceMs: number): Promise<void>

  /**
   * Brings one message over. Called one after the other within a conversation, at the same time for different ones. Never rejects for
   * something that may happen: failure is a value, and `isCertain` says whether the far side may have got it all the same. What is thrown
   * counts as an uncertain failure. A certain one with status 503 or 504 that is worth trying later says that the way to the network is not
   * there: where policy lets it, the message waits, and comes again with `waited`. Html, files, subject and corrections are there only if the connector carries them.
   */
  send(handover: Handover<MessageEvent>): Promise<DeliveryOutcome>
}
