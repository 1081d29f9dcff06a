import type { Decision, EvidenceClass, PeerIdentity } from '@gatehouse/im-model'
import { compileSnapshot } from '../compile-snapshot.ts'
import { decide } from '../decide.ts'
import type {
  FederationSettingsSpec,
  GroupSpec,
  NetworkSpec,
  PartnerSpec,
  PolicyKind,
  PolicyObject,
  PolicySpecs,
  ProviderSpec,
  UserRightsSpec,
  UserSettingsSpec,
  WallSideSpec,
} from '../document.ts'
import type { UserFacts } from '../facts/user-facts.ts'
import type { DecisionInput, SrvEvidence } from '../input.ts'
import type { Snapshot } from '../snapshot.ts'
import { DecisionState } from '../state/decision-state.ts'

export const NOW_MS = 1_800_000_000_000

export function object<K extends PolicyKind>(kind: K, name: string, spec: PolicySpecs[K]): PolicyObject {
  return { kind, name, spec } as PolicyObject
}

export function partner(name: string, spec: Partial<PartnerSpec> & { readonly domains: readonly string[] }): PolicyObject {
  return object('Partner', name, {
    verification: 'useSourceVerification',
    trust: [],
    requireClientAuth: false,
    pins: [],
    links: 1,
    dialect: 'microsoft',
    enabled: true,
    ...spec,
  })
}

export function provider(name: string, spec: Partial<ProviderSpec> & { readonly edge: string }): PolicyObject {
  return object('Provider', name, {
    domains: [],
    public: true,
    enabled: true,
    verification: 'useSourceVerification',
    checkSrv: false,
    trust: [],
    requireClientAuth: false,
    pins: [],
    links: 1,
    dialect: 'microsoft',
    ...spec,
  })
}

export function network(name: string, spec: Partial<NetworkSpec> = {}): PolicyObject {
  return object('Network', name, {
    protocol: 'xmpp',
    domains: [],
    openDomains: false,
    public: true,
    enabled: true,
    verification: 'useSourceVerification',
    minEvidence: 'V0',
    kinds: ['message', 'typing', 'receipt', 'presence', 'session'],
    ...spec,
  })
}

export function clearinghouse(
  name: string,
  edge: string,
  verification: PartnerSpec['verification'] = 'useSourceVerification',
): PolicyObject {
  return object('Clearinghouse', name, {
    edge,
    verification,
    trust: [],
    requireClientAuth: false,
    pins: [],
    links: 1,
    dialect: 'microsoft',
  })
}

export function allowed(domain: string, more: Partial<PolicySpecs['AllowedDomain']> = {}): PolicyObject {
  return object('AllowedDomain', domain, { domain, subdomains: false, verification: 'useSourceVerification', ...more })
}

export function blocked(what: { readonly domain?: string; readonly address?: string; readonly expires?: string }): PolicyObject {
  return object('BlockEntry', what.domain ?? what.address ?? '', { owner: 'security', reason: 'test', ...what })
}

export function internal(domain: string, subdomains = false): PolicyObject {
  return object('InternalDomain', domain, { domain, subdomains })
}

export function settings(spec: Partial<FederationSettingsSpec> = {}): PolicyObject {
  return object('FederationSettings', 'default', {
    enabled: true,
    discovery: false,
    discoveredVerification: 'useSourceVerification',
    beClearinghouse: false,
    missingMark: 'unverified',
    unverified: { message: 'contactsOnly', presence: 'contactsOnly' },
    ...spec,
  })
}

export function user(address: string, contacts: readonly string[] = [], federation = true): PolicyObject {
  return object('UserRights', address, { user: address, federation, contacts })
}

/** UserRights with only the rights named. */
export function rightsOf(address: string, rights: Partial<UserRightsSpec> = {}): PolicyObject {
  return object('UserRights', address, { user: address, contacts: [], ...rights })
}

export function group(name: string, members: readonly string[], more: Partial<GroupSpec> = {}): PolicyObject {
  return object('Group', name, { members, ...more })
}

export function wall(left: Partial<WallSideSpec>, right: Partial<WallSideSpec>, expires?: string): PolicyObject {
  const side = (given: Partial<WallSideSpec>): WallSideSpec => ({ groups: [], users: [], domains: [], ...given })
  return object('EthicalWall', 'wall', { left: side(left), right: side(right), owner: 'compliance', reason: 'test', expires })
}

export function userSettings(more: Partial<UserSettingsSpec> = {}): PolicyObject {
  return object('UserSettings', 'default', {
    lookUp: false,
    unknown: 'accept',
    federation: true,
    remote: true,
    start: 'both',
    learnDays: 0,
    firstContact: 'refuse',
    firstContactsPerPartner: 100,
    ...more,
  })
}

/** Facts as a directory would have them. */
export function known(more: Partial<UserFacts> = {}): UserFacts {
  return { status: 'known', detail: 'directory', rights: {}, groups: [], contacts: new Map(), safeList: new Set(), ...more }
}

/** Federation of contoso.example with its partner fabrikam.example: the two that `inbound` and `outbound` are between. */
export const federated: readonly PolicyObject[] = [
  internal('contoso.example'),
  settings(),
  partner('fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example' }),
]

/** A public provider of NAME.example. */
export function cloud(name: string): PolicyObject {
  return provider(name, { edge: `sip.${name}.example`, domains: [`${name}.example`] })
}

export function snapshotOf(...objects: readonly PolicyObject[]): Snapshot {
  return compileSnapshot({ format: 'gatehouse-snapshot/1', revision: 7, issuedAtMs: NOW_MS, objects })
}

export function peer(dns: readonly string[], more: Partial<PeerIdentity> = {}): PeerIdentity {
  return {
    isAuthenticated: true,
    refusal: undefined,
    names: { dns, sipDomains: [], commonName: undefined },
    anchors: ['public'],
    mayBeTlsClient: true,
    fingerprint: 'ab'.repeat(32),
    spkiPin: 'pin',
    issuer: 'CN=Test CA',
    serial: '01',
    notAfterMs: NOW_MS + 1000,
    ...more,
  }
}

export function srvOf(records: Readonly<Record<string, readonly string[]>>): (domain: string) => SrvEvidence | undefined {
  return (domain) => {
    const hosts = records[domain]
    if (hosts === undefined) return { status: 'none', detail: 'NXDOMAIN' }
    return { status: 'found', targets: hosts.map((host) => ({ host, port: 5061, priority: 0, weight: 0 })) }
  }
}

/** A MESSAGE from alice@fabrikam.example to bob@contoso.example, marked verified by a peer with the certificate of sip.fabrikam.example. */
export function inbound(more: Partial<DecisionInput> = {}): DecisionInput {
  return {
    nowMs: NOW_MS,
    side: 'external',
    kind: 'message',
    method: 'MESSAGE',
    fromUser: 'alice',
    fromDomain: 'fabrikam.example',
    toUser: 'bob',
    toDomain: 'contoso.example',
    assertedDomains: [],
    peer: peer(['sip.fabrikam.example']),
    bound: undefined,
    assertedMark: 'verified',
    isInDialog: false,
    srv: srvOf({ 'fabrikam.example': ['sip.fabrikam.example'] }),
    ...more,
  }
}

/** The same from alice of a network, whose connector vouches for her as far as `evidence` goes. */
export function bridged(more: Partial<DecisionInput> = {}, evidence: EvidenceClass = 'V2'): DecisionInput {
  return inbound({
    peer: peer([], { isAuthenticated: false, fingerprint: '' }),
    assertedMark: undefined,
    bridge: { protocol: 'xmpp', evidence },
    ...more,
  })
}

/** The answer of bob@contoso.example by way of the internal edge. */
export function outbound(more: Partial<DecisionInput> = {}): DecisionInput {
  return inbound({
    side: 'internal',
    fromUser: 'bob',
    fromDomain: 'contoso.example',
    toUser: 'alice',
    toDomain: 'fabrikam.example',
    peer: peer(['pool.contoso.example']),
    bound: { peerClass: 'inside', partner: 'inside' },
    assertedMark: undefined,
    ...more,
  })
}

/** From a provider as `cloud` makes it. */
export function fromCloud(name: string): DecisionInput {
  return inbound({ fromDomain: `${name}.example`, peer: peer([`sip.${name}.example`]) })
}

/** The decision, where all that it needs is there. */
export function decided(snapshot: Snapshot, input: DecisionInput, state: DecisionState = new DecisionState()): Decision {
  const decision = decide(snapshot, input, state)
  if ('need' in decision) throw new Error(`${decision.need} needed`)
  return decision
}
