import type { MessageContent } from '@gatehouse/im-model'
import { parsePolicy } from '@gatehouse/policy-document'
import type { DecisionInput, SrvEvidence } from '@gatehouse/policy-engine'
import { compileSnapshot, type Snapshot } from '@gatehouse/policy-engine'
import fc from 'fast-check'
import { factsLookUps, texts, userObjects } from './user-world.ts'
import { NOW_MS, OUTSIDE, type Written } from './world-names.ts'

export function compile(objects: readonly Written[], revision = 7): Snapshot {
  const text = objects
    .map(({ kind, name, spec }) => JSON.stringify({ apiVersion: 'gatehouse/v1', kind, metadata: { name }, spec }))
    .join('\n---\n')
  const parsed = parsePolicy([{ name: 'policy.yaml', text }], { nowMs: NOW_MS })
  if (!parsed.isValid) throw new Error(JSON.stringify(parsed.problems))
  return compileSnapshot({ format: 'gatehouse-snapshot/1', revision, issuedAtMs: NOW_MS, objects: parsed.objects })
}

const TEXT_TYPE = 'text/plain; charset=utf-8'
const domain = fc.constantFrom('contoso.example', ...OUTSIDE)
const outside = fc.constantFrom(...OUTSIDE)
const host = domain.map((name) => `sip.${name}`)
const who = fc.constantFrom('alice', 'bob', 'Eve', '%61lice', 'zoë')
const plainWho = fc.constantFrom('alice', 'bob', 'eve')
const address = fc.tuple(plainWho, domain).map(([name, at]) => `${name}@${at}`)
const verification = fc.constantFrom('useSourceVerification', 'alwaysVerifiable', 'alwaysUnverifiable')

const settings = fc
  .record({
    enabled: fc.constantFrom(true, true, true, false),
    discovery: fc.boolean(),
    discoveredVerification: verification,
    missingMark: fc.constantFrom('unverified', 'reject'),
    beClearinghouse: fc.boolean(),
    unverified: fc.record({
      message: fc.constantFrom('contactsOnly', 'deliver', 'refuse'),
      presence: fc.constantFrom('contactsOnly', 'allow', 'block'),
    }),
  })
  .map((spec): Written => ({ kind: 'FederationSettings', name: 'default', spec }))
const limits = fc
  .record({
    discovered: fc.record({
      perSecond: fc.constantFrom(1, 20),
      addressees: fc.constantFrom(1, 2, 1000),
      suspiciousPerSecond: fc.constant(1),
    }),
    peer: fc.constantFrom({}, { perSecond: 1, burst: 2 }),
    user: fc.constantFrom({}, { perSecond: 1, burst: 3 }),
  })
  .map((spec): Written => ({ kind: 'Limits', name: 'default', spec }))
const partner = fc
  .record({
    name: outside,
    edge: fc.option(host, { nil: undefined }),
    verification,
    methods: fc.constantFrom(undefined, { allow: ['MESSAGE'] }, { deny: ['INVITE'] }),
    enabled: fc.constantFrom(true, true, false),
    requireClientAuth: fc.boolean(),
    pins: fc.constantFrom([], [`${'A'.repeat(42)}0=`]),
    trust: fc.constantFrom([], ['public'], ['private']),
  })
  .map(({ name, ...spec }): Written => ({ kind: 'Partner', name, spec: { domains: [name], ...spec } }))
const network = fc
  .record({
    protocol: fc.constantFrom('xmpp', 'irc'),
    domains: fc.constantFrom(['eu.fabrikam.example'], ['*.fabrikam.example', 'hub.example']),
    openDomains: fc.boolean(),
    enabled: fc.constantFrom(true, true, false),
    verification,
    minEvidence: fc.constantFrom('V0', 'V0', 'V2'),
  })
  .map((spec): Written => ({ kind: 'Network', name: 'net', spec }))
const allowed = fc
  .record({ domain: outside, subdomains: fc.boolean(), verification })
  .map((spec): Written => ({ kind: 'AllowedDomain', name: spec.domain, spec }))
const block = fc
  .oneof(
    domain.map((name) => ({ domain: name })),
    address.map((one) => ({ address: one })),
  )
  .map((what): Written => {
    const name = Object.values(what)[0]?.replace('@', '.at.') ?? ''
    return { kind: 'BlockEntry', name, spec: { ...what, owner: 'security', reason: 'spam' } }
  })
const rights = fc
  .record({
    user: plainWho.map((name) => `${name}@contoso.example`),
    federation: fc.boolean(),
    contacts: fc.array(address, { maxLength: 3 }),
  })
  .map((spec): Written => ({ kind: 'UserRights', name: spec.user.replace('@', '.at.'), spec }))

/** Any policy of a small world, so that objects and messages meet often. */
export const policies: fc.Arbitrary<readonly Written[]> = fc
  .tuple(
    settings,
    limits,
    fc.array(
      fc.oneof(
        { weight: 6, arbitrary: partner },
        { weight: 4, arbitrary: allowed },
        { weight: 1, arbitrary: block },
        { weight: 3, arbitrary: rights },
        { weight: 3, arbitrary: network },
      ),
      { maxLength: 9 },
    ),
    userObjects,
  )
  .map(([head, caps, rest, users]) => {
    const inside: Written = { kind: 'InternalDomain', name: 'contoso.example', spec: { domain: 'contoso.example' } }
    const once = new Map([inside, head, caps, ...rest, ...users].map((object) => [`${object.kind}/${object.name}`, object]))
    const isListed = (object: Written): boolean => object.kind === 'AllowedDomain' && once.has(`Partner/${object.name}`)
    return [...once.values()].filter((object) => !isListed(object))
  })

const evidence: fc.Arbitrary<SrvEvidence> = fc.oneof(
  fc.constantFrom<SrvEvidence>({ status: 'none', detail: 'no record' }, { status: 'failed', detail: 'timeout' }),
  fc
    .array(host, { minLength: 1, maxLength: 2 })
    .map((hosts) => ({ status: 'found' as const, targets: hosts.map((one) => ({ host: one, port: 5061, priority: 10, weight: 0 })) })),
)
const peer = fc
  .record({
    isAuthenticated: fc.constantFrom(true, true, true, false),
    dns: fc.array(fc.oneof(host, domain), { maxLength: 3 }),
    sipDomains: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(domain, { maxLength: 2 }) }),
    commonName: fc.option(host, { nil: undefined }),
    anchors: fc.constantFrom(['public'], ['public', 'private'], []),
    mayBeTlsClient: fc.boolean(),
    fingerprint: fc.constantFrom('ab'.repeat(32), 'cd'.repeat(32)),
    spkiPin: fc.constantFrom('', `${'A'.repeat(42)}0=`, `${'B'.repeat(42)}0=`),
  })
  .map(({ dns, sipDomains, commonName, ...rest }) => ({
    ...rest,
    refusal: rest.isAuthenticated ? undefined : { code: 'GH-IDENTITY-EXPIRED', detail: 'x' },
    names: { dns, sipDomains, commonName },
    issuer: 'CN=Test CA',
    serial: '01',
    notAfterMs: NOW_MS + 1000,
  }))
const bound = fc.constantFrom<DecisionInput['bound'][]>(
  undefined,
  undefined,
  { peerClass: 'direct', partner: 'fabrikam.example' },
  { peerClass: 'allowed', partner: 'woodgrove.example' },
)

const wild: fc.Arbitrary<DecisionInput> = fc.record({
  nowMs: fc.nat(3000).map((ms) => NOW_MS + ms),
  side: fc.constantFrom<DecisionInput['side'][]>('external', 'external', 'internal'),
  kind: fc.constantFrom<DecisionInput['kind'][]>('message', 'message', 'presence', 'session', 'other'),
  method: fc.constantFrom('MESSAGE', 'INVITE', 'SUBSCRIBE', 'BYE'),
  fromUser: who,
  fromDomain: fc.constantFrom(...OUTSIDE, 'contoso.example', 'no_such..domain'),
  toUser: who,
  toDomain: fc.constantFrom('contoso.example', 'contoso.example', ...OUTSIDE),
  assertedDomains: fc.array(domain, { maxLength: 2 }),
  peer,
  bound,
  assertedMark: fc.constantFrom<DecisionInput['assertedMark'][]>('verified', 'unverified', undefined),
  isInDialog: fc.boolean(),
  srv: fc.dictionary(domain, evidence, { maxKeys: 4 }).map((records) => (name: string) => records[name] ?? { status: 'none', detail: 'x' }),
})
/** As an honest peer or one of our own servers would send it. */
const honest: fc.Arbitrary<DecisionInput> = fc.tuple(wild, outside).map(([input, from]) => {
  const fromOutside = input.side === 'external'
  return {
    ...input,
    fromDomain: fromOutside ? from : 'contoso.example',
    toDomain: fromOutside ? 'contoso.example' : from,
    assertedDomains: fromOutside ? [from] : [],
    bound: fromOutside ? undefined : { peerClass: 'inside', partner: 'pool.contoso.example' },
    peer: {
      ...input.peer,
      isAuthenticated: true,
      refusal: undefined,
      names: { dns: [`sip.${from}`], sipDomains: [], commonName: undefined },
    },
    srv: (name: string) => ({ status: 'found', targets: [{ host: `sip.${name}`, port: 5061, priority: 10, weight: 0 }] }),
  }
})

/** As a connector of the bridge would take it in. */
const bridged: fc.Arbitrary<DecisionInput> = fc
  .tuple(honest, fc.constantFrom('xmpp', 'irc'), fc.constantFrom('V0' as const, 'V1' as const, 'V2' as const, 'V3' as const))
  .map(([input, protocol, evidence]) => ({ ...input, assertedDomains: [], bridge: { protocol, evidence } }))

const bare: fc.Arbitrary<DecisionInput> = fc.oneof(
  { weight: 1, arbitrary: wild },
  { weight: 6, arbitrary: honest },
  { weight: 1, arbitrary: bridged },
)

/** A text as its carrier has it: in the body, of an INVITE in the header for its first message (lcs-edge §12.1). */
function contentOf(method: string, text: string): MessageContent | undefined {
  if (text === '') return undefined
  const body = Buffer.from(text)
  if (method !== 'INVITE') return { contentType: TEXT_TYPE, body, textFormat: [] }
  return { contentType: '', body: new Uint8Array(0), textFormat: [`${TEXT_TYPE};ms-body=${body.toString('base64')}`] }
}

/** With what is known of internal users and what the message says. */
export const messages: fc.Arbitrary<DecisionInput> = fc.tuple(bare, factsLookUps, texts).map(([input, facts, text]) => {
  const content = contentOf(input.method, text)
  return { ...input, facts, content: () => content }
})
