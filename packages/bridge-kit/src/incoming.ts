import type { EdgeSide, EvidenceClass, ImAddress, ImContent, PeerIdentity } from '@gatehouse/im-model'
import type { TraceContext } from '@gatehouse/telemetry'
import type { AccountId, RemoteId } from './ids.ts'

/**
 * How sure the network lets us be of the sender (architecture §6). V3: cryptographic, by a server or key that vouches · V2: the network
 * vouches for the account · V1: the account has logged in · V0: nothing. In doubt the lower one.
 */
export interface Evidence {
  readonly class: EvidenceClass
  /** What it rests on, one word of the connector's README: `sasl-external`, `dialback`, `services-account`, `nick`. */
  readonly by: string
}

/** The server that handed it to us, for the record. */
export interface Source {
  /** Address and port of the connection; empty: none. */
  readonly remote: string
  /** Name the server goes by. */
  readonly server: string
  /** What its certificate proved, where it showed one. */
  readonly peer?: PeerIdentity | undefined
}

/** One event from the network (or from a home system inside that speaks its protocol), as `ConnectorContext.receive` takes it. */
export interface Incoming {
  /** `internal`: from a home system of ours; `external`: from the network. */
  readonly side: EdgeSide
  /** Account networks: the linked account it came in on. */
  readonly account?: AccountId | undefined
  /** Already mapped by the connector's `addressing`. */
  readonly from: ImAddress
  readonly to: ImAddress
  /** The network's thread; empty: it has none, and the two people are the conversation. */
  readonly conversation: string
  /**
   * The network's own id of this event: the same when the network sends it again. Empty: it has none, and a repeated event cannot be told
   * from a second one that says the same.
   */
  readonly remoteId: RemoteId
  readonly content: ImContent
  /** The word of the protocol, upper case: method filters and the archive know it by this. */
  readonly method: string
  readonly evidence: Evidence
  readonly source: Source
  /** True: the network shows us what our own account sent. Never delivered; the core tells whether it was us or another client of the user. */
  readonly isEcho?: boolean | undefined
  /**
   * What the sender follows it by. Given only for programs of ours that showed a certificate of ours; nobody outside decides what we trace.
   */
  readonly trace?: TraceContext | undefined
}
