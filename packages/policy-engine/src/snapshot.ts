import type { CompiledFilter } from '@gatehouse/content-filter'
import type { ArchiveDuty, EnvelopeKind, InspectorCall, PeerClass } from '@gatehouse/im-model'
import type { SnapshotDocument, TrafficScope, VerificationLevel } from './document.ts'

/** Method filter of one object or of the whole gate; names in upper case. */
export interface CompiledMethods {
  readonly allow: ReadonlySet<string> | undefined
  readonly deny: ReadonlySet<string> | undefined
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
}

export interface Block {
  readonly source: string
  readonly expiresMs: number
  readonly owner: string
  readonly reason: string
}

export interface UserFacts {
  readonly source: string
  readonly mayFederate: boolean
  /** Address keys. */
  readonly contacts: ReadonlySet<string>
}

export interface CompiledSettings {
  readonly source: string
  readonly isEnabled: boolean
  readonly isClearinghouse: boolean
  readonly rejectsMissingMark: boolean
  readonly unverifiedMessage: 'contactsOnly' | 'deliver' | 'refuse'
  readonly unverifiedPresence: 'contactsOnly' | 'allow' | 'block'
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

/** A policy revision in the form `decide` reads. Immutable; made by `compileSnapshot`. */
export interface Snapshot {
  readonly revision: number
  readonly issuedAtMs: number
  /** Nothing may pass: neither an internal domain nor a clearinghouse duty. */
  readonly isEmpty: boolean
  /** Internal domain → true when its subdomains are internal too. */
  readonly internal: ReadonlyMap<string, boolean>
  readonly hasInternalSubdomains: boolean
  readonly blockedDomains: ReadonlyMap<string, Block>
  /** False: no block covers a whole top-level domain, and the walk up the labels may stop before it. */
  readonly hasTopLevelBlocks: boolean
  /** Domain → folded user → block. Nested, so that a message for another domain costs no new string. */
  readonly blockedAddresses: ReadonlyMap<string, ReadonlyMap<string, Block>>
  readonly partners: ReadonlyMap<string, Relation>
  readonly providerDomains: ReadonlyMap<string, Relation>
  /** Enabled providers, in document order. */
  readonly providers: readonly Relation[]
  /** True when a provider may be found by SRV of a domain. */
  readonly hasSrvProviders: boolean
  readonly allowed: ReadonlyMap<string, Relation>
  readonly discovered: Relation | undefined
  readonly defaultRoute: Relation | undefined
  /** Domain → folded user → facts. */
  readonly users: ReadonlyMap<string, ReadonlyMap<string, UserFacts>>
  readonly settings: CompiledSettings
  readonly limits: CompiledLimits
  /** In the order of their names; one works on what the one before it left. */
  readonly contentFilters: readonly ScopedFilter[]
  /** In the order of their names. */
  readonly inspectors: readonly ScopedInspector[]
  readonly archive: ArchiveDuty
  readonly archiveBody: boolean
  readonly document: SnapshotDocument
}
