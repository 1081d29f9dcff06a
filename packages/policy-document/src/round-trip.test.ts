import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PolicyKind, PolicyObject, PolicySpecs } from '@gatehouse/policy-engine'
import fc from 'fast-check'
import { exportPolicy } from './canonical.ts'
import { describeKinds } from './describe-kinds.ts'
import { diffPolicy } from './diff-policy.ts'
import { parsePolicy } from './parse-policy.ts'
import { policyKinds } from './policy-kinds.ts'
import { keyOf } from './problem.ts'

const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,6}[a-z0-9]$/)
const domain = fc.tuple(label, label).map(([first, second]) => `${first}.${second}.example`)
const address = fc.tuple(fc.stringMatching(/^[a-z0-9._!$'+-]{1,8}$/), domain).map(([user, at]) => `${user}@${at}`)
/** Text that YAML could misread. */
const text = fc.oneof(
  fc.stringMatching(/^[ -~äöü€:#'"\\-]{1,40}$/),
  fc.constantFrom('yes', '1e3', '0x1f', '- a', 'a: b', '# no comment', '2026-01-01', '~', 'null', ' spaced ', 'line\nbreak', '\ttab'),
)
const verification = fc.constantFrom('useSourceVerification', 'alwaysVerifiable', 'alwaysUnverifiable')
const methods = fc.option(
  fc.oneof(fc.record({ allow: fc.constantFrom(['MESSAGE'], ['INVITE', 'BYE']) }), fc.record({ deny: fc.constantFrom(['INFO'], []) })),
  { nil: undefined },
)
const queue = fc.option(
  fc.record({ enabled: fc.boolean(), maxAgeMinutes: fc.integer({ min: 1, max: 10_080 }), uncertain: fc.constantFrom('retry', 'fail') }),
  { nil: undefined },
)
const peer = {
  queue,
  trust: fc.array(label, { maxLength: 2 }),
  requireClientAuth: fc.boolean(),
  pins: fc.constantFrom([], [`${'A'.repeat(43)}=`]),
  methods,
  links: fc.integer({ min: 1, max: 4 }),
  dialect: fc.constantFrom('microsoft', 'standard'),
  verification,
}
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })

const rights = {
  federation: optional(fc.boolean()),
  publicIm: optional(fc.boolean()),
  publicNetworks: optional(fc.array(label, { maxLength: 2 })),
  remote: optional(fc.boolean()),
  start: optional(fc.constantFrom('both', 'inside', 'outside', 'none')),
  allowedDomains: optional(fc.array(domain, { maxLength: 2 })),
  blockedDomains: optional(fc.array(domain, { maxLength: 2 })),
}
const wallSide = fc.record({
  groups: fc.array(label, { maxLength: 1 }),
  users: fc.array(address, { maxLength: 1 }),
  domains: fc.tuple(domain),
})

const specs: { readonly [K in PolicyKind]: fc.Arbitrary<unknown> } = {
  FederationSettings: fc.record({
    enabled: fc.boolean(),
    discovery: fc.boolean(),
    discoveredVerification: verification,
    beClearinghouse: fc.boolean(),
    missingMark: fc.constantFrom('unverified', 'reject'),
    unverified: fc.record({
      message: fc.constantFrom('contactsOnly', 'deliver', 'refuse'),
      presence: fc.constantFrom('contactsOnly', 'allow', 'block'),
    }),
    methods,
    queue,
  }),
  Archiving: fc.record({ duty: fc.constantFrom('required', 'bestEffort', 'off'), body: fc.boolean() }),
  Limits: fc.record({
    discovered: fc.record({
      perSecond: fc.integer({ min: 1, max: 99 }),
      addressees: fc.integer({ min: 1, max: 99 }),
      suspiciousPerSecond: fc.constantFrom(0.5, 1),
    }),
    peer: fc.record({ perSecond: fc.integer({ min: 1, max: 99 }) }, { requiredKeys: [] }),
    user: fc.record({ burst: fc.integer({ min: 1, max: 99 }) }, { requiredKeys: [] }),
  }),
  ContentFilter: fc.record({
    links: fc.record({
      action: fc.constantFrom('block', 'neutralise', 'off'),
      extraPrefixes: fc.constantFrom([], ['xmpp:', 'shop*.']),
      ignoreLocal: fc.boolean(),
      localDomains: fc.array(domain, { maxLength: 2 }),
      warnText: fc.constantFrom('', 'Careful'),
      blockExtensions: fc.boolean(),
    }),
    files: fc.record({ action: fc.constantFrom('blockList', 'blockAll', 'off'), extensions: fc.constantFrom(['.exe'], []) }),
    patterns: fc.constantFrom([], [{ name: 'cards', pattern: '\\d{16}', action: 'block', reason: 'a card number' }]),
    scope: fc.record({
      directions: fc.constantFrom([], ['inbound']),
      peerClasses: fc.constantFrom([], ['discovered', 'provider']),
      partners: fc.array(label, { maxLength: 2 }),
    }),
    mode: fc.constantFrom('enforce', 'observe'),
  }),
  Inspector: fc.record({
    target: fc.constantFrom('unix:/run/inspector.sock', 'inspector.contoso.example:7500'),
    deadlineMs: fc.integer({ min: 10, max: 500 }),
    onFailure: fc.constantFrom('open', 'closed'),
    scope: fc.record({ directions: fc.constantFrom([], ['inbound']), peerClasses: fc.constant([]), partners: fc.constant([]) }),
    kinds: fc.constantFrom(['message'], ['message', 'session']),
  }),
  InternalDomain: fc.record({ domain, subdomains: fc.boolean(), homeSystem: optional(fc.constantFrom('sip', 'xmpp')) }),
  Partner: fc.record({
    domains: fc.uniqueArray(domain, { minLength: 1, maxLength: 3 }),
    edge: optional(domain),
    enabled: fc.boolean(),
    ...peer,
  }),
  Clearinghouse: fc.record({ edge: domain, ...peer }),
  Provider: fc.record({
    edge: domain.map((host) => `${host}:5070`),
    domains: fc.uniqueArray(domain, { maxLength: 2 }),
    public: fc.boolean(),
    enabled: fc.boolean(),
    checkSrv: fc.boolean(),
    ...peer,
  }),
  Network: fc.record({
    protocol: fc.constantFrom('xmpp', 'irc'),
    domains: fc.uniqueArray(
      fc.oneof(
        domain,
        domain.map((name) => `*.${name}`),
      ),
      { minLength: 1, maxLength: 2 },
    ),
    openDomains: fc.boolean(),
    public: fc.boolean(),
    enabled: fc.boolean(),
    verification,
    minEvidence: fc.constantFrom('V0', 'V2'),
    kinds: fc.constantFrom(['message'], ['message', 'typing', 'presence']),
  }),
  AllowedDomain: fc.record({
    domain,
    subdomains: fc.boolean(),
    owner: optional(text),
    reason: optional(text),
    expires: optional(fc.constantFrom('2027-01-31', '2027-01-31T12:00:00+02:00')),
    verification,
  }),
  BlockEntry: fc.oneof(fc.record({ domain, owner: text, reason: text }), fc.record({ address, owner: text, reason: text })),
  UserRights: fc.record({
    user: address,
    ...rights,
    contacts: fc.array(address, { maxLength: 3 }),
    safeList: fc.array(fc.oneof(address, domain), { maxLength: 3 }),
  }),
  Group: fc.record({ members: fc.array(address, { maxLength: 3 }), directoryGroup: optional(text), ...rights }),
  EthicalWall: fc.record({ left: wallSide, right: wallSide, owner: text, reason: text }),
  UserSettings: fc.record({
    lookUp: fc.constant(true),
    unknown: fc.constantFrom('accept', 'refuse'),
    federation: fc.boolean(),
    publicIm: optional(fc.boolean()),
    remote: fc.boolean(),
    start: fc.constantFrom('both', 'none'),
    learnDays: fc.integer({ min: 0, max: 90 }),
    firstContact: fc.constantFrom('refuse', 'hold'),
    firstContactsPerPartner: fc.integer({ min: 1, max: 200 }),
  }),
}

const object = fc.constantFrom(...(Object.keys(specs) as PolicyKind[])).chain((kind) =>
  fc.tuple(label, specs[kind]).map(([name, spec]) => {
    const isSingleton = policyKinds[kind].isSingleton
    return {
      kind,
      name: isSingleton ? 'default' : name,
      spec: policyKinds[kind].spec.parse(spec) as PolicySpecs[typeof kind],
    } as PolicyObject
  }),
)
const policy = fc.uniqueArray(object, { selector: keyOf, maxLength: 12 })

describe('export', () => {
  it('applied again changes nothing, and its own export is the same text', () => {
    fc.assert(
      fc.property(policy, (objects) => {
        const exported = exportPolicy(objects)
        const result = parsePolicy([{ name: 'e', text: exported }], { nowMs: 0 })
        // objects made at random may contradict each other; read wrongly they may not be
        assert.deepEqual(
          result.problems.filter((problem) => /KEY|SYNTAX|TYPE|VALUE|MISSING|KIND|VERSION/.test(problem.code)),
          [],
          exported,
        )
        assert.deepEqual(diffPolicy(objects, result.objects), [])
        assert.equal(exportPolicy(result.objects), exported)
      }),
      { numRuns: 60 },
    )
  })

  it('leaves defaults out and does not depend on the order of the objects', () => {
    const text = 'apiVersion: gatehouse/v1\nkind: Archiving\nmetadata:\n  name: default\nspec: {}\n'
    const { objects } = parsePolicy([{ name: 'a', text: `# a comment\n${text}` }], { nowMs: 0 })
    assert.equal(exportPolicy(objects), text)
    fc.assert(
      fc.property(policy, (many) => {
        assert.equal(exportPolicy([...many].reverse()), exportPolicy(many))
      }),
      { numRuns: 30 },
    )
  })
})

describe('diff', () => {
  it('names what was added, changed and removed', () => {
    const parse = (text: string): readonly PolicyObject[] => parsePolicy([{ name: 'a', text }], { nowMs: 0 }).objects
    const one = (name: string, more = ''): string =>
      `apiVersion: gatehouse/v1\nkind: InternalDomain\nmetadata: {name: ${name}}\nspec: {domain: ${name}.example${more}}\n---\n`
    const changes = diffPolicy(parse(one('a') + one('b') + one('c')), parse(one('b', ', subdomains: true') + one('c') + one('d')))
    assert.deepEqual(
      changes.map(({ action, object: key }) => `${action} ${key}`),
      ['removed InternalDomain/a', 'changed InternalDomain/b', 'added InternalDomain/d'],
    )
    assert.match(changes[1]?.after ?? '', /subdomains: true/)
    assert.equal(changes[2]?.before, '')
  })
})

describe('reference', () => {
  it('describes every key of every kind', () => {
    for (const { kind, summary, rows } of describeKinds()) {
      assert.ok(summary.length > 20, kind)
      for (const row of rows) assert.ok(row.description.length > 5, `${kind} ${row.path}`)
    }
  })
})
