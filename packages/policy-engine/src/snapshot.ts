import type { CompiledFilter } from '@gatehouse/content-filter'
import type { ArchiveDuty, ArchiveMode, EnvelopeKind, EvidenceClass, InspectorCall, PeerClass, QueueRule } from '@gatehouse/im-model'
import type { HomeSystem, PolicyObject, SnapshotDocument, TraceExchange, TrafficScope, VerificationLevel } from './document.ts'
import type { EffectiveCache, EffectiveFacts, Stated } from './facts/effective-facts.ts'
import type { Rights } from './facts/rights.ts'

/** Method filter of one object or of the whole gate; names in upper case. */
export interface CompiledMethods {
  readonly allow: ReadonlySet<string> | undefined
  readonly deny: ReadonlySet<string> | undefined
  readonly isObserving: boolean
}

/** What we hold about one kind of counterpart, in one shape for all classes so that rules need not ask which. */
export interface Relation {
  readonly peerClass: PeerClass
  /** Object name; for allowed and discovered domains decisions name the domain itself instead. */
  readonly name: string
  /** `kind/name`. */
  readonly source: string
  readonly edgeHost: string | undefined
  readonly edgePort: number
  readonly links: number
  readonly trust: readonly string[]
  readonly pins: readonly string[]
  readonly requireClientAuth: boolean
  readonly dialect: 'microsoft' | 'standard'
  readonly traceContext: TraceExchange
  readonly verification: VerificationLevel
  readonly methods: CompiledMethods | undefined
  readonly isEnabled: boolean
  /** Milliseconds since the epoch from which the entry no longer counts; Infinity without expiry. */
  readonly expiresMs: number
  readonly hasSubdomains: boolean
  /** Providers: the domains it carries; empty: see `ProviderSpec.domains`. */
  readonly domains: ReadonlySet<string>
  readonly isPublic: boolean
  readonly isSrvChecked: boolean
  /** Networks: what makes them one. */
  readonly network: NetworkTraits | undefined
  /** Undefined: as the whole gate does. */
  readonly queue: CompiledQueue | undefined
}

/** Whether messages wait when the destination is away; `rule` is undefined where they do not. */
export interface CompiledQueue {
  readonly rule: QueueRule | undefined
}

export interface NetworkTraits {
  /** Which connector reaches it. */
  readonly protocol: string
  readonly minEvidence: EvidenceClass
  readonly kinds: ReadonlySet<EnvelopeKind>
}

/** Domains of networks: listed ones, by their parent those of `*.domain`, and who takes the rest. */
export interface NetworkTables {
  readonly domains: ReadonlyMap<string, Relation>
  readonly subdomains: ReadonlyMap<string, Relation>
  readonly open: Relation | undefined
}

/** The entry as the document has it: a second object for each of 100,000 would double what they cost. See `isInForce`. */
export type Block = Extract<PolicyObject, { readonly kind: 'BlockEntry' }>

/** A user whom the document names. */
export interface WrittenUser {
  readonly source: string
  readonly rights: Rights
  /** Address keys. */
  readonly contacts: ReadonlySet<string>
  /** Address keys and domains. */
  readonly safeList: ReadonlySet<string>
}

export interface CompiledGroup {
  readonly name: string
  readonly source: string
  readonly rights: Rights
}

export interface WallSide {
  readonly groups: ReadonlySet<string>
  /** Address keys. */
  readonly users: ReadonlySet<string>
  readonly domains: ReadonlySet<string>
}

export interface Wall {
  readonly source: string
  readonly left: WallSide
  readonly right: WallSide
  readonly owner: string
  readonly reason: string
  readonly expiresMs: number
}

/** Everything about users that the document says. */
/** How much is kept of which traffic, as `Archiving` says. */
export interface ArchiveModes {
  /** Where nothing else is said of anything. */
  readonly otherwise: Stated<ArchiveMode>
  /** False: nothing else is said. */
  readonly hasExceptions: boolean
  readonly federation: Stated<ArchiveMode>
  readonly publicNetworks: Stated<ArchiveMode>
  readonly internal: Stated<ArchiveMode>
  /** By name of a provider or network. */
  readonly networks: ReadonlyMap<string, Stated<ArchiveMode>>
}

export interface UserTables {
  /** Domain → folded user → what the document says of them. */
  readonly written: ReadonlyMap<string, ReadonlyMap<string, WrittenUser>>
  /** Domain → folded user → the groups that list them, by name. */
  readonly memberships: ReadonlyMap<string, ReadonlyMap<string, readonly CompiledGroup[]>>
  /** Lower-case name, or directory name, of a group as facts give it → groups of the document. */
  readonly groupsByKey: ReadonlyMap<string, readonly CompiledGroup[]>
  readonly walls: readonly Wall[]
  readonly settings: CompiledUserSettings
  /** False: no object speaks about users, and there is nothing to check. */
  readonly hasRules: boolean
  /** Users or groups say what is kept of their messages. */
  readonly hasArchiveModes: boolean
  /** For users that nothing is said about. */
  readonly byDefault: EffectiveFacts
  /** Effective facts by what they were made of; only a cache, so that a snapshot stays immutable in meaning. */
  readonly cache: EffectiveCache
}

export interface CompiledUserSettings {
  readonly source: string
  readonly isLookedUp: boolean
  readonly refusesUnknown: boolean
  readonly rights: Rights
  readonly learnMs: number
  readonly holdsFirstContact: boolean
  readonly firstContactsPerPartner: number
}

export interface CompiledSettings {
  readonly source: string
  readonly isEnabled: boolean
  readonly isClearinghouse: boolean
  readonly rejectsMissingMark: boolean
  readonly unverifiedMessage: 'contactsOnly' | 'deliver' | 'refuse'
  readonly unverifiedPresence: 'contactsOnly' | 'allow' | 'block'
  readonly isObservingUnverified: boolean
  readonly methods: CompiledMethods | undefined
}

export interface CompiledLimits {
  readonly discoveredPerSecond: number
  readonly suspiciousPerSecond: number
  readonly addressees: number
  /** 0: no limit. */
  readonly peerPerSecond: number
  readonly peerBurst: number
  readonly userPerSecond: number
  readonly userBurst: number
}

/** A content filter with whom it concerns. */
export interface ScopedFilter {
  readonly source: string
  readonly scope: TrafficScope
  readonly isObserving: boolean
  readonly filter: CompiledFilter
}

export interface ScopedInspector {
  readonly call: InspectorCall
  readonly scope: TrafficScope
  readonly kinds: ReadonlySet<EnvelopeKind>
}

/** Whom block entries cover. */
export interface BlockTables {
  readonly blockedDomains: ReadonlyMap<string, Block>
  /** False: no block covers a whole top-level domain, and the walk up the labels may stop before it. */
  readonly hasTopLevelBlocks: boolean
  /** Domain → folded user → block. Nested, so that a message for another domain costs no new string. */
  readonly blockedAddresses: ReadonlyMap<string, ReadonlyMap<string, Block>>
}

/** A policy revision in the form `decide` reads. Immutable; made by `compileSnapshot`. */
export interface Snapshot extends BlockTables {
  readonly revision: number
  readonly issuedAtMs: number
  /** Nothing may pass: neither an internal domain nor a clearinghouse duty. */
  readonly isEmpty: boolean
  /** Internal domain → true when its subdomains are internal too. */
  readonly internal: ReadonlyMap<string, boolean>
  readonly hasInternalSubdomains: boolean
  /** Internal domains whose home system does not speak SIP; undefined: there are none. */
  readonly homeSystems: ReadonlyMap<string, HomeSystem> | undefined
  /** Internal domains with a setting of their own on waiting. */
  readonly internalQueues: ReadonlyMap<string, CompiledQueue>
  /** For what says nothing else. */
  readonly queue: CompiledQueue | undefined
  /** Entries in mode observe; undefined: there are none. */
  readonly observedBlocks: BlockTables | undefined
  readonly partners: ReadonlyMap<string, Relation>
  readonly providerDomains: ReadonlyMap<string, Relation>
  /** Enabled providers, in document order. */
  readonly providers: readonly Relation[]
  /** True when a provider may be found by SRV of a domain. */
  readonly hasSrvProviders: boolean
  /** Undefined: there are no networks. */
  readonly networks: NetworkTables | undefined
  readonly allowed: ReadonlyMap<string, Relation>
  readonly discovered: Relation | undefined
  readonly defaultRoute: Relation | undefined
  readonly users: UserTables
  readonly settings: CompiledSettings
  readonly limits: CompiledLimits
  /** In the order of their names; one works on what the one before it left. */
  readonly contentFilters: readonly ScopedFilter[]
  /** In the order of their names. */
  readonly inspectors: readonly ScopedInspector[]
  readonly archive: ArchiveDuty
  readonly modes: ArchiveModes
  readonly document: SnapshotDocument
}
