import { compileFilter } from '@gatehouse/content-filter'
import { compileArchiveModes } from './compile/archive-modes.ts'
import { compileNetwork, NetworkTablesBuilder } from './compile/compile-network.ts'
import { UserTablesBuilder } from './compile/compile-users.ts'
import { compileMethods, compileQueue, makeRelation } from './compile/make-relation.ts'
import { expiryMs, foldAddress, innerMap } from './compile/table-parts.ts'
import type {
  ArchivingSpec,
  FederationSettingsSpec,
  HomeSystem,
  LimitsSpec,
  PolicyKind,
  PolicyObject,
  SnapshotDocument,
} from './document.ts'
import type {
  Block,
  CompiledLimits,
  CompiledQueue,
  CompiledSettings,
  Relation,
  ScopedFilter,
  ScopedInspector,
  Snapshot,
} from './snapshot.ts'

/** In force where a document has no FederationSettings: everything closed. */
const CLOSED: FederationSettingsSpec = {
  enabled: false,
  discovery: false,
  discoveredVerification: 'alwaysUnverifiable',
  beClearinghouse: false,
  missingMark: 'unverified',
  unverified: { message: 'contactsOnly', presence: 'contactsOnly' },
}

/** The published numbers for discovered partners (lcs-edge §8.1). */
const STANDARD_LIMITS: LimitsSpec = { discovered: { perSecond: 20, addressees: 1000, suspiciousPerSecond: 1 }, peer: {}, user: {} }

class Tables {
  readonly internal = new Map<string, boolean>()
  /** Home systems that do not speak SIP. */
  readonly homeSystems = new Map<string, HomeSystem>()
  readonly networks = new NetworkTablesBuilder()
  readonly internalQueues = new Map<string, CompiledQueue>()
  readonly blockedDomains = new Map<string, Block>()
  readonly blockedAddresses = new Map<string, Map<string, Block>>()
  readonly observedDomains = new Map<string, Block>()
  readonly observedAddresses = new Map<string, Map<string, Block>>()
  readonly partners = new Map<string, Relation>()
  readonly providerDomains = new Map<string, Relation>()
  readonly providers: Relation[] = []
  readonly allowed = new Map<string, Relation>()
  readonly clearinghouses = new Map<string, Relation>()
  readonly contentFilters: ScopedFilter[] = []
  readonly inspectors: ScopedInspector[] = []
  readonly users = new UserTablesBuilder()
  settings: { readonly name: string; readonly spec: FederationSettingsSpec } | undefined
  limits: LimitsSpec = STANDARD_LIMITS
  archive: { readonly name: string; readonly spec: ArchivingSpec } | undefined
}

type ObjectOf<K extends PolicyKind> = Extract<PolicyObject, { kind: K }>
type Adders = { readonly [K in PolicyKind]: (tables: Tables, object: ObjectOf<K>) => void }

/** One line per kind: a new kind is one more. */
const adders: Adders = {
  InternalDomain: (tables, { spec }) => {
    const domain = spec.domain.toLowerCase()
    tables.internal.set(domain, spec.subdomains)
    tables.homeSystems.set(domain, spec.homeSystem ?? 'sip')
    const queue = compileQueue(spec.queue)
    if (queue !== undefined) tables.internalQueues.set(domain, queue)
  },
  Partner: (tables, { name, spec }) => {
    const relation = makeRelation({ ...spec, peerClass: spec.edge === undefined ? 'allowed' : 'direct', name, source: `Partner/${name}` })
    for (const domain of spec.domains) setOnce(tables.partners, domain.toLowerCase(), relation)
  },
  AllowedDomain: (tables, { name, spec }) => addAllowed(tables, name, spec),
  BlockEntry: (tables, block) => addBlock(tables, block),
  Clearinghouse: (tables, { name, spec }) =>
    void tables.clearinghouses.set(name, makeRelation({ ...spec, peerClass: 'clearinghouse', name, source: `Clearinghouse/${name}` })),
  Provider: (tables, { name, spec }) => {
    const relation = makeRelation({
      ...spec,
      peerClass: 'provider',
      name,
      source: `Provider/${name}`,
      isPublic: spec.public,
      isSrvChecked: spec.checkSrv,
    })
    if (spec.enabled) tables.providers.push(relation)
    for (const domain of spec.domains) setOnce(tables.providerDomains, domain.toLowerCase(), relation)
  },
  Network: (tables, { name, spec }) => tables.networks.add(makeRelation(compileNetwork(name, spec)), spec),
  FederationSettings: (tables, { name, spec }) => {
    tables.settings ??= { name, spec }
  },
  UserRights: (tables, { name, spec }) => tables.users.addUser(name, spec),
  UserSettings: (tables, { name, spec }) => tables.users.setSettings(name, spec),
  Group: (tables, { name, spec }) => tables.users.addGroup(name, spec),
  EthicalWall: (tables, { name, spec }) => tables.users.addWall(name, spec),
  Limits: (tables, { spec }) => {
    tables.limits = spec
  },
  Archiving: (tables, { name, spec }) => {
    tables.archive = { name, spec }
  },
  ContentFilter: (tables, { name, spec }) =>
    void tables.contentFilters.push({
      source: `ContentFilter/${name}`,
      scope: spec.scope,
      isObserving: spec.mode === 'observe',
      filter: compileFilter(spec),
    }),
  Inspector: (tables, { name, spec }) => {
    const { target, deadlineMs, onFailure, scope, kinds, mode } = spec
    const call = { source: `Inspector/${name}`, target, deadlineMs, failsOpen: onFailure === 'open', isObserving: mode === 'observe' }
    tables.inspectors.push({ call, scope, kinds: new Set(kinds) })
  },
}

/**
 * Makes the tables `decide` looks things up in. The objects must have passed the document's validation; names are lowered here
 * again, so that a carelessly made document cannot open a gap between the block list and a message.
 */
export function compileSnapshot(document: SnapshotDocument): Snapshot {
  const compiler = new SnapshotCompiler()
  for (const object of document.objects) compiler.add(object)
  return compiler.finish(document)
}

/** The same, object by object: a large policy is compiled in slices, so that messages are answered between them. */
export class SnapshotCompiler {
  readonly #tables = new Tables()

  add(object: PolicyObject): void {
    const add = adders[object.kind] as (tables: Tables, object: PolicyObject) => void
    add(this.#tables, object)
  }

  /** `document` holds the objects that were added, in that order. The compiler is not used any more after that. */
  finish(document: SnapshotDocument): Snapshot {
    return snapshotOf(this.#tables, document)
  }
}

function snapshotOf(tables: Tables, document: SnapshotDocument): Snapshot {
  const spec = tables.settings?.spec ?? CLOSED
  const users = tables.users.build()
  return {
    revision: document.revision,
    issuedAtMs: document.issuedAtMs,
    isEmpty: tables.internal.size === 0 && !spec.beClearinghouse,
    internal: tables.internal,
    hasInternalSubdomains: [...tables.internal.values()].includes(true),
    homeSystems: [...tables.homeSystems.values()].some((system) => system !== 'sip') ? tables.homeSystems : undefined,
    internalQueues: tables.internalQueues,
    queue: compileQueue(spec.queue),
    blockedDomains: tables.blockedDomains,
    hasTopLevelBlocks: hasTopLevel(tables.blockedDomains),
    blockedAddresses: tables.blockedAddresses,
    observedBlocks: observedBlocks(tables),
    partners: tables.partners,
    providerDomains: tables.providerDomains,
    providers: tables.providers,
    hasSrvProviders: tables.providers.some((provider) => provider.domains.size === 0),
    networks: tables.networks.build(),
    allowed: tables.allowed,
    discovered: spec.discovery ? discoveredRelation(spec, settingsSource(tables)) : undefined,
    defaultRoute: spec.defaultRoute === undefined ? undefined : tables.clearinghouses.get(spec.defaultRoute),
    users,
    settings: compileSettings(spec, settingsSource(tables)),
    limits: compileLimits(tables.limits),
    contentFilters: tables.contentFilters.toSorted((left, right) => (left.source < right.source ? -1 : 1)),
    inspectors: tables.inspectors.toSorted((left, right) => (left.call.source < right.call.source ? -1 : 1)),
    archive: tables.archive?.spec.duty ?? 'required',
    modes: compileArchiveModes(tables.archive, users.hasArchiveModes),
    document,
  }
}

function settingsSource(tables: Tables): string {
  return tables.settings === undefined ? 'defaults' : `FederationSettings/${tables.settings.name}`
}

function discoveredRelation(spec: FederationSettingsSpec, source: string): Relation {
  return makeRelation({ peerClass: 'discovered', name: 'discovery', source, verification: spec.discoveredVerification })
}

function addAllowed(tables: Tables, name: string, spec: ObjectOf<'AllowedDomain'>['spec']): void {
  const relation = makeRelation({ ...spec, peerClass: 'allowed', name, source: `AllowedDomain/${name}` })
  const domain = spec.domain.toLowerCase()
  const present = tables.allowed.get(domain)
  if (present === undefined || present.expiresMs < relation.expiresMs) tables.allowed.set(domain, relation)
}

function addBlock(tables: Tables, block: Block): void {
  const { spec } = block
  const isObserving = spec.mode === 'observe'
  const domains = isObserving ? tables.observedDomains : tables.blockedDomains
  if (spec.domain !== undefined) setLongest(domains, spec.domain.toLowerCase(), block)
  if (spec.address === undefined) return
  const { user, domain } = foldAddress(spec.address)
  setLongest(innerMap(isObserving ? tables.observedAddresses : tables.blockedAddresses, domain), user, block)
}

function hasTopLevel(domains: ReadonlyMap<string, Block>): boolean {
  for (const domain of domains.keys()) if (!domain.includes('.')) return true
  return false
}

/** Entries on trial have tables of their own, so that they can never block, and cost nothing where there are none. */
function observedBlocks({ observedDomains, observedAddresses }: Tables): Snapshot['observedBlocks'] {
  if (observedDomains.size === 0 && observedAddresses.size === 0) return undefined
  return { blockedDomains: observedDomains, hasTopLevelBlocks: hasTopLevel(observedDomains), blockedAddresses: observedAddresses }
}

/** Of several blocks on one name the one that lasts longest counts. */
function setLongest(blocks: Map<string, Block>, key: string, block: Block): void {
  const present = blocks.get(key)
  if (present === undefined || lastsUntilMs(present) < lastsUntilMs(block)) blocks.set(key, block)
}

function lastsUntilMs({ spec }: Block): number {
  return expiryMs(spec.expires, Number.POSITIVE_INFINITY)
}

function setOnce<T>(map: Map<string, T>, key: string, value: T): void {
  if (!map.has(key)) map.set(key, value)
}

function compileSettings(spec: FederationSettingsSpec, source: string): CompiledSettings {
  return {
    source,
    isEnabled: spec.enabled,
    isClearinghouse: spec.beClearinghouse,
    rejectsMissingMark: spec.missingMark === 'reject',
    unverifiedMessage: spec.unverified.message,
    unverifiedPresence: spec.unverified.presence,
    isObservingUnverified: spec.unverified.mode === 'observe',
    methods: compileMethods(spec.methods),
  }
}

function compileLimits(spec: LimitsSpec): CompiledLimits {
  const peerPerSecond = spec.peer.perSecond ?? 0
  const userPerSecond = spec.user.perSecond ?? 0
  return {
    discoveredPerSecond: spec.discovered.perSecond,
    suspiciousPerSecond: spec.discovered.suspiciousPerSecond,
    addressees: spec.discovered.addressees,
    peerPerSecond,
    peerBurst: spec.peer.burst ?? Math.max(1, peerPerSecond),
    userPerSecond,
    userBurst: spec.user.burst ?? Math.max(1, userPerSecond),
  }
}
