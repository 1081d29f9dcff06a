import type { Direction, EvidenceClass, Mark, MessageContent } from './envelope.ts'
import type { NameMatch, PeerClass } from './peer.ts'

export type Verdict = 'allow' | 'deny'

/** What the archive has to do with a message before it may go on. */
export type ArchiveDuty = 'required' | 'bestEffort' | 'off'

/** How much of a message is kept: nothing, who wrote to whom and when and what was decided, or the body too. */
export type ArchiveMode = 'off' | 'envelope' | 'body'

/** Our own people, by way of their home system. */
export interface InsideDestination {
  readonly to: 'inside'
  readonly domain: string
  /** What the home system speaks; absent: SIP. */
  readonly port?: 'sip' | 'xmpp' | 'gateway' | undefined
}

/** Another organisation or a public network that speaks SIP. */
export interface PeerDestination {
  readonly to: 'peer'
  readonly peerClass: PeerClass
  /** Name of the policy object (partner, provider, clearinghouse) or the domain itself when found by SRV. */
  readonly partner: string
  /** The domain the message is for. */
  readonly domain: string
  /** Configured edge host; undefined: find it by SRV of `domain`. */
  readonly edgeHost: string | undefined
  /** Port of `edgeHost`; 5061 unless configured. */
  readonly edgePort: number
  /** Parallel links to keep, 1–4. */
  readonly links: number
  /** Trust stores the partner's certificate must chain to; empty: any that counts on the external edge. */
  readonly trust: readonly string[]
  /** SPKI pins; empty: none demanded. */
  readonly pins: readonly string[]
  /** Towards a peer that is not Microsoft's, `ms-` headers are not sent. */
  readonly dialect: 'microsoft' | 'standard'
}

/** A network that a connector of the bridge reaches. */
export interface NetworkDestination {
  readonly to: 'network'
  /** Name of the policy object `Network`. */
  readonly network: string
  /** Which connector: the port of the subject `deliver.<port>`. */
  readonly protocol: string
  readonly domain: string
}

/** Where an allowed message goes. Data only: the route stage turns it into a connection. */
export type Destination = InsideDestination | PeerDestination | NetworkDestination

/** One rule's answer, in the order tried. */
export interface ProofStep {
  readonly rule: string
  readonly code: string
  /** Filled when explaining, or when this step decided. */
  readonly detail: string | undefined
  /** `kind/name` of the policy object that spoke, when one did. */
  readonly source: string | undefined
}

/** What happens to a message whose destination is certainly away. */
export interface QueueRule {
  /** It is delivered within this time or given up. */
  readonly maxAgeMs: number
  /** After an attempt of which nobody knows whether it arrived: try again (it may arrive twice), or give up and say so. */
  readonly uncertain: 'retry' | 'fail'
}

/** A service outside the gate that has to be asked before a message goes on. */
export interface InspectorCall {
  /** `kind/name` of the policy object. */
  readonly source: string
  /** `unix:/path` or `host:port`. */
  readonly target: string
  readonly deadlineMs: number
  /** True: without an answer the message goes on. */
  readonly failsOpen: boolean
  /** True: its verdict is noted and the message passes as it is. */
  readonly isObserving: boolean
}

export interface Decision {
  readonly verdict: Verdict
  /** Stable code; `docs/reference/errors.md`. */
  readonly code: string
  /** Precise sentence for inside and for logs; never sent outside. */
  readonly reason: string
  /** The rule that decided. */
  readonly rule: string
  readonly direction: Direction
  readonly peerClass: PeerClass
  /** Policy object or domain the outside party was matched to. */
  readonly partner: string
  readonly nameMatch: NameMatch
  readonly mark: Mark
  readonly evidence: EvidenceClass
  readonly destination: Destination | undefined
  readonly archive: ArchiveDuty
  readonly archiveBody: boolean
  /** SIP status to answer when denied; 0 when allowed. From the code's table entry. */
  readonly sipStatus: number
  /** `ms-diagnostics` id for the inside, when one fits the code. */
  readonly diagnostics: number | undefined
  /** Text of a `Warning: 309` for the sender, inside and outside alike (lcs-edge §10); with refusals by content. */
  readonly warning?: string | undefined
  /** What takes the place of the message's content when it is passed on. */
  readonly rewrite?: MessageContent | undefined
  /** Whom to ask before it is recorded and passed on, in this order. */
  readonly inspectors?: readonly InspectorCall[] | undefined
  /** Present: it may wait in the outbox when the destination is away. */
  readonly queue?: QueueRule | undefined
  /** Seconds for a Retry-After header, when later may help. */
  readonly retryAfterS: number | undefined
  readonly proof: readonly ProofStep[]
  /** What objects in `mode: observe` would have refused it for; absent: nothing. */
  readonly observed?: readonly ProofStep[] | undefined
  /** Snapshot revision that decided. */
  readonly revision: number
}
