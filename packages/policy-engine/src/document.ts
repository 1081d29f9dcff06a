import type { FilterPreset, FilterRules } from '@gatehouse/content-filter'
import type { ArchiveDuty, ArchiveMode, Direction, EnvelopeKind, EvidenceClass, PeerClass } from '@gatehouse/im-model'

/** How far a peer's word about its senders counts (lcs-edge §9.3). */
export type VerificationLevel = 'useSourceVerification' | 'alwaysVerifiable' | 'alwaysUnverifiable'

/** Whether what an object refuses is refused, or noted on trial. */
export type ObserveMode = 'enforce' | 'observe'

/** At most one of the two lists; upper-case method names. */
export interface MethodFilterSpec {
  readonly allow?: readonly string[] | undefined
  readonly deny?: readonly string[] | undefined
  /** `observe`: what it would refuse is noted, not refused. Absent: enforce. */
  readonly mode?: ObserveMode | undefined
}

/** Whether messages wait in the outbox when their destination is away. */
export interface QueueSpec {
  readonly enabled: boolean
  readonly maxAgeMinutes: number
  readonly uncertain: 'retry' | 'fail'
}

export interface InternalDomainSpec {
  readonly domain: string
  readonly subdomains: boolean
  /** Protocol of the system behind it; absent: sip. */
  readonly homeSystem?: HomeSystem | undefined
  /** Absent: as FederationSettings says. */
  readonly queue?: QueueSpec | undefined
}

/** What our own users' server speaks: SIP behind the internal edge, XMPP behind the bridge; `gateway`: they are applications of ours. */
export type HomeSystem = 'sip' | 'xmpp' | 'gateway'

/** What becomes of trace context (W3C `traceparent`) between a partner and us. */
export type TraceExchange = 'none' | 'accept' | 'send' | 'both'

export interface PartnerSpec {
  readonly domains: readonly string[]
  /** `host` or `host:port`; absent: the edge is found by SRV and the class is `allowed`. */
  readonly edge?: string | undefined
  readonly verification: VerificationLevel
  readonly trust: readonly string[]
  readonly requireClientAuth: boolean
  readonly pins: readonly string[]
  readonly methods?: MethodFilterSpec | undefined
  readonly links: number
  readonly dialect: 'microsoft' | 'standard'
  readonly enabled: boolean
  /** Absent: as FederationSettings says. */
  readonly queue?: QueueSpec | undefined
  /** Absent: none. */
  readonly traceContext?: TraceExchange | undefined
}

export interface AllowedDomainSpec {
  readonly domain: string
  readonly subdomains: boolean
  readonly owner?: string | undefined
  readonly reason?: string | undefined
  /** RFC 3339 instant; from then on the entry is as good as absent. */
  readonly expires?: string | undefined
  readonly verification: VerificationLevel
  /** Absent: as FederationSettings says. */
  readonly queue?: QueueSpec | undefined
}

/** Exactly one of `domain` (with everything below it) and `address`. */
export interface BlockEntrySpec {
  readonly domain?: string | undefined
  readonly address?: string | undefined
  readonly owner: string
  readonly reason: string
  readonly expires?: string | undefined
  /** `observe`: what it would refuse is noted, not refused. Absent: enforce. */
  readonly mode?: 'enforce' | 'observe' | undefined
}

export interface ClearinghouseSpec {
  readonly edge: string
  readonly verification: VerificationLevel
  readonly trust: readonly string[]
  readonly requireClientAuth: boolean
  readonly pins: readonly string[]
  readonly methods?: MethodFilterSpec | undefined
  readonly links: number
  readonly dialect: 'microsoft' | 'standard'
  /** Absent: as FederationSettings says. */
  readonly queue?: QueueSpec | undefined
}

export interface ProviderSpec {
  readonly edge: string
  /** Empty: any domain whose SRV record leads to `edge`, or, without `checkSrv`, any domain at all. */
  readonly domains: readonly string[]
  readonly public: boolean
  readonly enabled: boolean
  readonly verification: VerificationLevel
  readonly checkSrv: boolean
  readonly trust: readonly string[]
  readonly requireClientAuth: boolean
  readonly pins: readonly string[]
  readonly methods?: MethodFilterSpec | undefined
  readonly links: number
  readonly dialect: 'microsoft' | 'standard'
  /** Absent: as FederationSettings says. */
  readonly queue?: QueueSpec | undefined
}

/** A network that a connector of public-im-bridge reaches. */
export interface NetworkSpec {
  /** Word of the connector: `xmpp`, `irc`. */
  readonly protocol: string
  /** Exact, or `*.domain` for everything below it. */
  readonly domains: readonly string[]
  /** Also any domain that no other entry has and that is not found by SRV. */
  readonly openDomains: boolean
  readonly public: boolean
  readonly enabled: boolean
  readonly verification: VerificationLevel
  /** Weaker evidence about a sender is refused. */
  readonly minEvidence: EvidenceClass
  /** What passes from and to it. */
  readonly kinds: readonly EnvelopeKind[]
  /** Absent: as FederationSettings says. */
  readonly queue?: QueueSpec | undefined
}

export interface FederationSettingsSpec {
  readonly enabled: boolean
  readonly discovery: boolean
  readonly discoveredVerification: VerificationLevel
  /** Name of the clearinghouse that takes what no other rule knows. */
  readonly defaultRoute?: string | undefined
  readonly beClearinghouse: boolean
  readonly missingMark: 'unverified' | 'reject'
  readonly unverified: {
    readonly message: 'contactsOnly' | 'deliver' | 'refuse'
    readonly presence: 'contactsOnly' | 'allow' | 'block'
    /** `observe`: whom it would refuse gets through, and it is noted. Absent: enforce. */
    readonly mode?: ObserveMode | undefined
  }
  readonly methods?: MethodFilterSpec | undefined
  /** For what has no setting of its own; absent: nothing waits. */
  readonly queue?: QueueSpec | undefined
}

/** Who may begin a conversation: either side, only our user, only the outside, nobody. With a contact one may always begin. */
export type StartRight = 'both' | 'inside' | 'outside' | 'none'

/** What a user or a group may do; what is absent is not said here and left to the next level (user, groups, UserSettings). */
export interface RightsSpec {
  readonly federation?: boolean | undefined
  readonly publicIm?: boolean | undefined
  /** Names of providers and networks; absent: every enabled one. */
  readonly publicNetworks?: readonly string[] | undefined
  readonly remote?: boolean | undefined
  readonly start?: StartRight | undefined
  /** Absent: any domain; empty: none. Each domain exactly. */
  readonly allowedDomains?: readonly string[] | undefined
  /** With everything below them. */
  readonly blockedDomains?: readonly string[] | undefined
  /** What is kept of the user's messages. */
  readonly archiving?: ArchiveMode | undefined
}

export interface UserRightsSpec extends RightsSpec {
  readonly user: string
  readonly contacts: readonly string[]
  /** Addresses, and domains exactly, whose unverified users get through. */
  readonly safeList?: readonly string[] | undefined
}

export interface GroupSpec extends RightsSpec {
  readonly members: readonly string[]
  /** Distinguished name or plain name of the group in the directory or an import. */
  readonly directoryGroup?: string | undefined
}

/** One side of a wall: who is in a group, has one of the addresses, or is of one of the domains (with everything below them). */
export interface WallSideSpec {
  readonly groups: readonly string[]
  readonly users: readonly string[]
  readonly domains: readonly string[]
}

export interface EthicalWallSpec {
  readonly left: WallSideSpec
  readonly right: WallSideSpec
  readonly owner: string
  readonly reason: string
  readonly expires?: string | undefined
}

export interface UserSettingsSpec {
  /** Facts about users are asked of the facts service; without it only the document counts. */
  readonly lookUp: boolean
  /** Users that neither the directory nor the document knows. */
  readonly unknown: 'accept' | 'refuse'
  readonly federation: boolean
  /** Absent: as `federation` comes out. */
  readonly publicIm?: boolean | undefined
  readonly publicNetworks?: readonly string[] | undefined
  readonly remote: boolean
  readonly start: StartRight
  /** Days that a person our user wrote to counts as contact; 0: nothing is learned. */
  readonly learnDays: number
  readonly firstContact: 'refuse' | 'hold'
  /** Open held first contacts of one partner. */
  readonly firstContactsPerPartner: number
}

export interface LimitsSpec {
  readonly discovered: { readonly perSecond: number; readonly addressees: number; readonly suspiciousPerSecond: number }
  readonly peer: { readonly perSecond?: number | undefined; readonly burst?: number | undefined }
  readonly user: { readonly perSecond?: number | undefined; readonly burst?: number | undefined }
}

export interface ArchivingSpec {
  readonly duty: ArchiveDuty
  /** Mode `body` or `envelope` where nothing else is said. */
  readonly body: boolean
  readonly federation?: ArchiveMode | undefined
  readonly publicNetworks?: ArchiveMode | undefined
  readonly internal?: ArchiveMode | undefined
  /** Of single providers and networks. */
  readonly networks?: readonly { readonly name: string; readonly mode: ArchiveMode }[] | undefined
}

/** Whom a filter or an inspector concerns; each empty list: everybody. */
export interface TrafficScope {
  readonly directions: readonly Direction[]
  readonly peerClasses: readonly PeerClass[]
  /** Names of partners, providers, networks and clearinghouses; for domains that were found, the domain. */
  readonly partners: readonly string[]
}

export interface ContentFilterSpec extends FilterRules {
  /** Where what is not written comes from; there is one. */
  readonly preset?: FilterPreset | undefined
  readonly scope: TrafficScope
  /** `observe`: what it would do stands in the proof and nothing else happens. */
  readonly mode: 'enforce' | 'observe'
}

export interface InspectorSpec {
  /** `unix:/path` or `host:port`. */
  readonly target: string
  readonly deadlineMs: number
  readonly onFailure: 'open' | 'closed'
  readonly scope: TrafficScope
  readonly kinds: readonly EnvelopeKind[]
  /** `observe`: it is asked, and its verdict noted; messages pass as they are. Absent: enforce. */
  readonly mode?: ObserveMode | undefined
}

/** Kind → spec, with every default filled in. */
export interface PolicySpecs {
  readonly InternalDomain: InternalDomainSpec
  readonly Partner: PartnerSpec
  readonly AllowedDomain: AllowedDomainSpec
  readonly BlockEntry: BlockEntrySpec
  readonly Clearinghouse: ClearinghouseSpec
  readonly Provider: ProviderSpec
  readonly Network: NetworkSpec
  readonly FederationSettings: FederationSettingsSpec
  readonly UserRights: UserRightsSpec
  readonly UserSettings: UserSettingsSpec
  readonly Group: GroupSpec
  readonly EthicalWall: EthicalWallSpec
  readonly Limits: LimitsSpec
  readonly Archiving: ArchivingSpec
  readonly ContentFilter: ContentFilterSpec
  readonly Inspector: InspectorSpec
}

export type PolicyKind = keyof PolicySpecs

/** One validated object of the policy document. */
export type PolicyObject = {
  readonly [K in PolicyKind]: { readonly kind: K; readonly name: string; readonly spec: PolicySpecs[K] }
}[PolicyKind]

/** What a snapshot's payload says: the validated objects of one revision. */
export interface SnapshotDocument {
  readonly format: 'gatehouse-snapshot/1'
  readonly revision: number
  readonly issuedAtMs: number
  readonly objects: readonly PolicyObject[]
}
