import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Decision } from '@gatehouse/im-model'
import fc from 'fast-check'
import { decide, explain } from './decide.ts'
import type { PolicyObject } from './document.ts'
import type { DecisionInput, EvidenceNeeded, SrvEvidence } from './input.ts'
import { DecisionState } from './state/decision-state.ts'
import {
  allowed,
  blocked,
  clearinghouse,
  internal,
  NOW_MS,
  network,
  partner,
  peer,
  provider,
  settings,
  snapshotOf,
  user,
} from './testing/samples.ts'

/** The first value three times out of four. */
function often<T>(usual: T, rare: T): fc.Arbitrary<T> {
  return fc.constantFrom(usual, usual, usual, rare)
}

/** A small world, so that objects and messages meet often. */
const domain = fc.constantFrom('contoso.example', 'fabrikam.example', 'eu.fabrikam.example', 'woodgrove.example', 'evil.example', 'example')
const host = fc.oneof(
  domain.map((name) => `sip.${name}`),
  domain,
)
const who = fc.constantFrom('alice', 'bob', 'Eve')
const address = fc.tuple(who, domain).map(([name, at]) => `${name}@${at}`)
const verification = fc.constantFrom('useSourceVerification' as const, 'alwaysVerifiable' as const, 'alwaysUnverifiable' as const)
const expires = fc.constantFrom(undefined, new Date(NOW_MS - 1).toISOString(), new Date(NOW_MS + 1).toISOString())
const methods = fc.constantFrom(undefined, { allow: ['MESSAGE'] }, { deny: ['INVITE'] })

const block = fc.oneof(
  fc.tuple(domain, expires).map(([name, at]) => blocked({ domain: name, ...(at === undefined ? {} : { expires: at }) })),
  address.map((one) => blocked({ address: one })),
)
const allow = fc
  .tuple(domain, fc.boolean(), verification, expires)
  .map(([name, subdomains, level, at]) => allowed(name, { subdomains, verification: level, expires: at }))
const other: fc.Arbitrary<PolicyObject> = fc.oneof(
  fc.tuple(domain, fc.boolean()).map(([name, wide]) => internal(name, wide)),
  fc
    .record({
      name: domain,
      edge: fc.option(host, { nil: undefined }),
      verification,
      methods,
      enabled: fc.boolean(),
      pins: fc.constantFrom([], ['pin'], ['no']),
    })
    .map(({ name, ...spec }) => partner(name, { domains: [name], ...spec })),
  fc
    .record({
      edge: host,
      domains: fc.constantFrom([], ['fabrikam.example']),
      public: fc.boolean(),
      enabled: fc.boolean(),
      checkSrv: fc.boolean(),
      verification,
    })
    .map((spec) => provider(spec.edge, spec)),
  fc
    .record({
      protocol: fc.constantFrom('xmpp', 'irc'),
      domains: fc.constantFrom([], ['fabrikam.example'], ['*.fabrikam.example', 'woodgrove.example']),
      openDomains: fc.boolean(),
      public: fc.boolean(),
      enabled: often(true, false),
      verification,
      minEvidence: fc.constantFrom('V0' as const, 'V2' as const),
    })
    .map(({ protocol, ...spec }) => network(`${protocol}-net`, { protocol, ...spec })),
  host.map((edge) => clearinghouse('hub', edge)),
  fc.tuple(address, fc.array(address, { maxLength: 3 }), fc.boolean()).map(([one, contacts, may]) => user(one, contacts, may)),
)
const federation = fc
  .record({
    enabled: often(true, false),
    discovery: fc.boolean(),
    defaultRoute: fc.constantFrom(undefined, 'hub'),
    beClearinghouse: fc.boolean(),
    missingMark: fc.constantFrom('unverified' as const, 'reject' as const),
    discoveredVerification: verification,
    unverified: fc.record({
      message: fc.constantFrom('contactsOnly' as const, 'deliver' as const, 'refuse' as const),
      presence: fc.constantFrom('contactsOnly' as const, 'allow' as const, 'block' as const),
    }),
    methods,
  })
  .map((spec) => settings(spec))
const policy = fc
  .tuple(
    federation,
    fc.array(fc.oneof({ weight: 1, arbitrary: block }, { weight: 6, arbitrary: allow }, { weight: 12, arbitrary: other }), {
      maxLength: 12,
    }),
  )
  .map(([head, rest]) => [internal('contoso.example'), head, ...rest])

const evidence: fc.Arbitrary<SrvEvidence> = fc.oneof(
  fc.constant<SrvEvidence>({ status: 'none', detail: 'x' }),
  fc.constant<SrvEvidence>({ status: 'failed', detail: 'x' }),
  fc
    .array(host, { minLength: 1, maxLength: 2 })
    .map((hosts) => ({ status: 'found' as const, targets: hosts.map((one) => ({ host: one, port: 5061, priority: 0, weight: 0 })) })),
)
const wildMessage: fc.Arbitrary<DecisionInput> = fc.record({
  nowMs: fc.constant(NOW_MS),
  side: often<DecisionInput['side']>('external', 'internal'),
  kind: fc.constantFrom('message' as const, 'presence' as const, 'session' as const, 'other' as const),
  method: fc.constantFrom('MESSAGE', 'INVITE', 'SUBSCRIBE', 'BYE', 'ACK'),
  fromUser: who,
  fromDomain: domain,
  toUser: who,
  toDomain: domain,
  assertedDomains: fc.array(domain, { maxLength: 1 }),
  peer: fc
    .tuple(fc.array(host, { maxLength: 3 }), fc.boolean())
    .map(([names, isOk]) => peer(names, { isAuthenticated: isOk || names.length > 0 })),
  bound: fc.constantFrom(
    undefined,
    { peerClass: 'direct' as const, partner: 'fabrikam.example' },
    { peerClass: 'inside' as const, partner: 'inside' },
  ),
  assertedMark: often<DecisionInput['assertedMark']>('verified', undefined),
  isInDialog: fc.boolean(),
  srv: evidence.map((answer) => () => answer),
  bridge: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.record({
        protocol: fc.constantFrom('xmpp', 'irc'),
        evidence: fc.constantFrom('V0' as const, 'V2' as const, 'V3' as const),
      }),
    },
  ),
})
/** What an honest peer or inside server would send. */
const honestMessage: fc.Arbitrary<DecisionInput> = fc
  .tuple(wildMessage, fc.constantFrom('fabrikam.example', 'eu.fabrikam.example', 'woodgrove.example'))
  .map(([input, outside]) => {
    const sip = `sip.${outside}`
    const srv = (): SrvEvidence => ({ status: 'found', targets: [{ host: sip, port: 5061, priority: 0, weight: 0 }] })
    const common = { ...input, bound: undefined, assertedDomains: [], srv, peer: peer([sip, outside]) }
    return input.side === 'external'
      ? { ...common, fromDomain: outside, toDomain: 'contoso.example' }
      : { ...common, fromDomain: 'contoso.example', toDomain: outside }
  })
const message = fc.oneof({ weight: 1, arbitrary: wildMessage }, { weight: 3, arbitrary: honestMessage })

function verdictOf(objects: readonly PolicyObject[], input: DecisionInput): Decision {
  return finished(decide(snapshotOf(...objects), input, new DecisionState()))
}

function finished(answer: Decision | EvidenceNeeded): Decision {
  assert.ok(!('need' in answer))
  return answer
}

/** Inserts `object` somewhere: position must not matter. */
function withObject(objects: readonly PolicyObject[], object: PolicyObject, at: number): PolicyObject[] {
  const place = at % (objects.length + 1)
  return [...objects.slice(0, place), object, ...objects.slice(place)]
}

describe('properties', () => {
  it('the generators reach both verdicts often', () => {
    const verdicts = fc
      .sample(fc.tuple(policy, message), { numRuns: 2000, seed: 1 })
      .map(([objects, input]) => verdictOf(objects, input).verdict)
    const allows = verdicts.filter((verdict) => verdict === 'allow').length
    assert.ok(allows > 100, `${allows} of 2000`)
  })

  it('the generators reach every class and most codes', () => {
    const decisions = fc.sample(fc.tuple(policy, message), { numRuns: 6000, seed: 2 }).map(([objects, input]) => verdictOf(objects, input))
    const allowedClasses = new Set(decisions.filter((one) => one.verdict === 'allow').map((one) => one.peerClass))
    assert.deepEqual([...allowedClasses].sort(), ['allowed', 'bridge', 'clearinghouse', 'direct', 'discovered', 'inside', 'provider'])
    assert.ok(new Set(decisions.map((one) => one.code)).size >= 18)
  })

  it('a block in force beats every allow, wherever it stands', () => {
    fc.assert(
      fc.property(policy, message, fc.nat(), fc.constantFrom('from', 'to', 'parent', 'address'), (objects, input, at, which) => {
        const parent = input.fromDomain.slice(input.fromDomain.indexOf('.') + 1)
        const entries = {
          from: { domain: input.fromDomain },
          to: { domain: input.toDomain },
          parent: { domain: parent },
          address: { address: `${input.toUser}@${input.toDomain}` },
        }
        assert.equal(verdictOf(withObject(objects, blocked(entries[which]), at), input).code, 'GH-POLICY-BLOCKED')
      }),
      { numRuns: 1500 },
    )
  })

  it('adding a block never lets anything new through', () => {
    fc.assert(
      fc.property(policy, message, block, fc.nat(), (objects, input, entry, at) => {
        if (verdictOf(objects, input).verdict === 'allow') return
        assert.equal(verdictOf(withObject(objects, entry, at), input).verdict, 'deny')
      }),
      { numRuns: 3000 },
    )
  })

  it('removing an allow never lets anything new through where nothing broader covers the domain', () => {
    fc.assert(
      fc.property(policy, message, allow, fc.nat(), (objects, input, entry, at) => {
        // a more exact entry shadows a broader one (lcs-edge §7.2); without it the broader one speaks, which is no new allow
        const narrow = objects
          .filter(({ kind }) => !['AllowedDomain', 'Clearinghouse', 'Provider', 'Network'].includes(kind))
          .map(withoutDiscovery)
        if (verdictOf(withObject(narrow, entry, at), input).verdict === 'allow') return
        assert.equal(verdictOf(narrow, input).verdict, 'deny')
      }),
      { numRuns: 3000 },
    )
  })

  it('decide and explain agree, and both say the same twice', () => {
    fc.assert(
      fc.property(policy, message, (objects, input) => {
        const snapshot = snapshotOf(...objects)
        const state = new DecisionState()
        const explained = finished(explain(snapshot, input, state))
        const decided = finished(decide(snapshot, input, state))
        const again = finished(explain(snapshot, input, new DecisionState()))
        const bare = ({ proof, ...rest }: Decision): unknown => ({
          ...rest,
          reason: '',
          steps: proof.map(({ rule, code }) => [rule, code]),
        })
        assert.deepEqual(bare(explained), bare(decided))
        assert.deepEqual(explained, again)
      }),
      { numRuns: 2000 },
    )
  })

  it('whatever is denied has a code with a status, whatever is allowed has a destination', () => {
    fc.assert(
      fc.property(policy, message, (objects, input) => {
        const decision = verdictOf(objects, input)
        if (decision.verdict === 'allow') assert.ok(decision.destination !== undefined && decision.sipStatus === 0)
        else assert.ok(decision.sipStatus >= 400 && decision.destination === undefined && decision.proof.at(-1)?.code === decision.code)
      }),
      { numRuns: 2000 },
    )
  })

  it('an allowed message from outside never claims an internal domain and goes inside or to a member', () => {
    fc.assert(
      fc.property(policy, message, (objects, input) => {
        const decision = verdictOf(objects, input)
        if (decision.verdict === 'deny' || input.side === 'internal') return
        assert.ok(input.peer.isAuthenticated || input.bridge !== undefined)
        assert.equal(decision.peerClass === 'bridge', input.bridge !== undefined)
        assert.notEqual(input.fromDomain, 'contoso.example')
        if (decision.destination?.to === 'peer') assert.deepEqual([decision.direction, decision.peerClass], ['transit', 'direct'])
      }),
      { numRuns: 3000 },
    )
  })

  it('never throws, whatever the strings', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '.', '%', '%zz', '%E0%A4%A', '__proto__', 'a'.repeat(5000), '\0'),
    )
    fc.assert(
      fc.property(
        policy,
        message,
        fc.tuple(anything, anything, anything, anything, anything),
        (objects, input, [fromUser, fromDomain, toUser, toDomain, method]) => {
          const wild = { ...input, fromUser, fromDomain, toUser, toDomain, method, assertedDomains: [toDomain] }
          for (const objectsOfRun of [objects, [internal('contoso.example'), settings({ discovery: true })]]) {
            finished(explain(snapshotOf(...objectsOfRun), wild, new DecisionState()))
          }
        },
      ),
      { numRuns: 1000 },
    )
  })
})

function withoutDiscovery(object: PolicyObject): PolicyObject {
  if (object.kind !== 'FederationSettings') return object
  return { ...object, spec: { ...object.spec, discovery: false, defaultRoute: undefined } }
}
