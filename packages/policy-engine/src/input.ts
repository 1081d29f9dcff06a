import type { EdgeSide, EnvelopeKind, EvidenceClass, Mark, MessageContent, PeerClass, PeerIdentity } from '@gatehouse/im-model'
import type { UserFacts } from './facts/user-facts.ts'

/** One SRV target as DNS gave it; host lower case without trailing dot. */
export interface SrvTarget {
  readonly host: string
  readonly port: number
  readonly priority: number
  readonly weight: number
}

/** What DNS said about `_sipfederationtls._tcp.<domain>`. A failure is never a pass. */
export type SrvEvidence =
  | { readonly status: 'found'; readonly targets: readonly SrvTarget[] }
  | { readonly status: 'none' | 'failed'; readonly detail: string }

/** What a connector of the bridge says of a message it took in. */
export interface BridgeEvidence {
  /** Word of the connector: `xmpp`, `irc`. It speaks for the networks of this protocol, or for home systems that speak it, and for nobody else. */
  readonly protocol: string
  /** How sure the network lets us be of the sender. */
  readonly evidence: EvidenceClass
}

/** Everything `decide` looks at besides the snapshot, the user's facts and the counters. */
export interface DecisionInput {
  readonly nowMs: number
  /** The side the message came in on. */
  readonly side: EdgeSide
  readonly kind: EnvelopeKind
  readonly method: string
  readonly fromUser: string
  readonly fromDomain: string
  /** Initial request: Request-URI. In a dialog: the To header. */
  readonly toUser: string
  readonly toDomain: string
  /** Domains of P-Asserted-Identity; every one has to belong to the peer. */
  readonly assertedDomains: readonly string[]
  readonly peer: PeerIdentity
  /** Class and partner that the connection's first accepted message fixed. */
  readonly bound: { readonly peerClass: PeerClass; readonly partner: string } | undefined
  /** The mark the peer itself asserted on this message. */
  readonly assertedMark: Mark | undefined
  /** True when the request carries a To tag and our own valid route token. */
  readonly isInDialog: boolean
  /** Absent: it came over SIP. */
  readonly bridge?: BridgeEvidence | undefined
  /** Cached SRV evidence; undefined makes `decide` answer that it is needed. */
  readonly srv: (domain: string) => SrvEvidence | undefined
  /** What it carries for people to read; asked for only where a content filter applies. Absent or undefined: nothing. */
  readonly content?: () => MessageContent | undefined
  /** Cached facts of an internal user by `userKey`; undefined makes `decide` answer that they are needed, where policy looks facts up. */
  readonly facts?: ((userKey: string) => UserFacts | undefined) | undefined
}

/** `decide` could not finish: look this up, then ask again. */
export type EvidenceNeeded =
  | { readonly need: 'srv'; readonly domain: string }
  /** `user`: the key that `DecisionInput.facts` was asked with. */
  | { readonly need: 'facts'; readonly user: string }
