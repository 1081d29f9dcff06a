import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Decision } from '@gatehouse/im-model'
import { decide, explain } from '../decide.ts'
import type { PolicyObject } from '../document.ts'
import { failedFacts, unknownUser } from '../facts/user-facts.ts'
import type { DecisionInput } from '../input.ts'
import { DecisionState } from '../state/decision-state.ts'
import {
  cloud,
  decided,
  federated,
  fromCloud,
  group,
  inbound,
  known,
  NOW_MS,
  outbound,
  rightsOf,
  snapshotOf,
  userSettings,
  wall,
} from '../testing/samples.ts'

const BOB = 'bob@contoso.example'
const ALICE = 'alice@fabrikam.example'
const clouds = [cloud('cloud'), cloud('sky')]

function run(objects: readonly PolicyObject[], input: DecisionInput): Decision {
  return decided(snapshotOf(...federated, ...objects), input)
}

const toCloud = (name: string): DecisionInput => outbound({ toDomain: `${name}.example` })

describe('user rights', () => {
  const rows: readonly [string, PolicyObject[], DecisionInput, string, number, number | undefined][] = [
    ['no rights to federate, out', [rightsOf(BOB, { federation: false })], outbound(), 'USER-FEDERATION', 403, 1002],
    ['no right to federate, in', [rightsOf(BOB, { federation: false })], inbound(), 'RECIPIENT-FEDERATION', 404, 1003],
    ['no right by group', [group('g', [BOB], { federation: false })], outbound(), 'USER-FEDERATION', 403, 1002],
    ['no right by default', [userSettings({ federation: false })], outbound(), 'USER-FEDERATION', 403, 1002],
    [
      'own right over the default',
      [userSettings({ federation: false }), rightsOf(BOB, { federation: true })],
      outbound(),
      'ALLOWED',
      0,
      undefined,
    ],
    [
      'federation off takes public IM with it',
      [...clouds, rightsOf(BOB, { federation: false })],
      toCloud('cloud'),
      'USER-PUBLIC',
      403,
      1001,
    ],
    ['public IM alone', [...clouds, rightsOf(BOB, { federation: false, publicIm: true })], toCloud('cloud'), 'ALLOWED', 0, undefined],
    ['no public IM, out', [...clouds, rightsOf(BOB, { publicIm: false })], toCloud('cloud'), 'USER-PUBLIC', 403, 1001],
    ['no public IM, in', [...clouds, rightsOf(BOB, { publicIm: false })], fromCloud('cloud'), 'RECIPIENT-PUBLIC', 404, 1003],
    ['no public IM, to a partner', [...clouds, rightsOf(BOB, { publicIm: false })], outbound(), 'ALLOWED', 0, undefined],
    ['this network', [...clouds, rightsOf(BOB, { publicNetworks: ['cloud'] })], toCloud('cloud'), 'ALLOWED', 0, undefined],
    ['another network', [...clouds, rightsOf(BOB, { publicNetworks: ['cloud'] })], toCloud('sky'), 'USER-PUBLIC', 403, 1001],
    ['another network, in', [...clouds, rightsOf(BOB, { publicNetworks: ['cloud'] })], fromCloud('sky'), 'RECIPIENT-PUBLIC', 404, 1003],
    ['own block list, out', [rightsOf(BOB, { blockedDomains: ['fabrikam.example'] })], outbound(), 'USER-DOMAIN', 403, 1012],
    ['own block list, in', [rightsOf(BOB, { blockedDomains: ['fabrikam.example'] })], inbound(), 'RECIPIENT-DOMAIN', 404, 1003],
    ['a parent on the block list', [group('g', [BOB], { blockedDomains: ['example'] })], outbound(), 'USER-DOMAIN', 403, 1012],
    ['a name that ends alike', [rightsOf(BOB, { blockedDomains: ['rikam.example'] })], outbound(), 'ALLOWED', 0, undefined],
    ['on the allow list', [rightsOf(BOB, { allowedDomains: ['fabrikam.example'] })], outbound(), 'ALLOWED', 0, undefined],
    ['not on the allow list', [rightsOf(BOB, { allowedDomains: ['woodgrove.example'] })], outbound(), 'USER-DOMAIN', 403, 1012],
    ['an allow list is exact', [rightsOf(BOB, { allowedDomains: ['example'] })], outbound(), 'USER-DOMAIN', 403, 1012],
    ['an empty allow list', [rightsOf(BOB, { allowedDomains: [] })], inbound(), 'RECIPIENT-DOMAIN', 404, 1003],
    [
      'a block beats the allow',
      [rightsOf(BOB, { allowedDomains: ['fabrikam.example'] }), group('g', [BOB], { blockedDomains: ['fabrikam.example'] })],
      outbound(),
      'USER-DOMAIN',
      403,
      1012,
    ],
    ['only we may start, out', [rightsOf(BOB, { start: 'inside' })], outbound(), 'ALLOWED', 0, undefined],
    ['only we may start, in', [rightsOf(BOB, { start: 'inside' })], inbound(), 'RECIPIENT-START', 404, 1003],
    ['only we may start, in a dialog', [rightsOf(BOB, { start: 'inside' })], inbound({ isInDialog: true }), 'ALLOWED', 0, undefined],
    ['only we may start, a contact writes', [rightsOf(BOB, { start: 'inside', contacts: [ALICE] })], inbound(), 'ALLOWED', 0, undefined],
    ['only they may start, out', [rightsOf(BOB, { start: 'outside' })], outbound(), 'USER-START', 403, 1012],
    ['only they may start, in', [rightsOf(BOB, { start: 'outside' })], inbound(), 'ALLOWED', 0, undefined],
    ['nobody may start', [rightsOf(BOB, { start: 'none' })], outbound(), 'USER-START', 403, 1012],
    [
      'a wall against a domain, out',
      [group('g', [BOB]), wall({ groups: ['g'] }, { domains: ['fabrikam.example'] })],
      outbound(),
      'WALL',
      403,
      1012,
    ],
    [
      'a wall against a domain, in',
      [group('g', [BOB]), wall({ groups: ['g'] }, { domains: ['fabrikam.example'] })],
      inbound(),
      'RECIPIENT-WALL',
      404,
      1003,
    ],
    ['a wall, sides exchanged', [wall({ domains: ['fabrikam.example'] }, { users: [BOB] })], outbound(), 'WALL', 403, 1012],
    ['a wall against one person', [wall({ users: [BOB] }, { users: [ALICE] })], inbound(), 'RECIPIENT-WALL', 404, 1003],
    ['a wall, escaped user', [wall({ users: [BOB] }, { users: [ALICE] })], inbound({ fromUser: '%61lice' }), 'RECIPIENT-WALL', 404, 1003],
    ['a wall against somebody else', [wall({ users: [BOB] }, { users: ['eve@fabrikam.example'] })], inbound(), 'ALLOWED', 0, undefined],
    [
      'a wall that expired',
      [wall({ users: [BOB] }, { users: [ALICE] }, new Date(NOW_MS).toISOString())],
      inbound(),
      'ALLOWED',
      0,
      undefined,
    ],
    [
      'no right overrides a wall',
      [
        wall({ users: [BOB] }, { domains: ['example'] }),
        rightsOf(BOB, { federation: true, contacts: [ALICE], allowedDomains: ['fabrikam.example'] }),
      ],
      outbound(),
      'WALL',
      403,
      1012,
    ],
  ]
  for (const [name, objects, input, code, status, diagnostics] of rows) {
    it(`${name}: ${code}`, () => {
      const decision = run(objects, input)
      assert.deepEqual([decision.code, decision.sipStatus, decision.diagnostics], [`GH-POLICY-${code}`, status, diagnostics])
    })
  }

  it('what ends a dialog ends it, whatever the rights have become', () => {
    const forbidden = [rightsOf(BOB, { federation: false })]
    assert.equal(run(forbidden, inbound({ method: 'BYE', kind: 'session', isInDialog: true })).verdict, 'allow')
    assert.equal(run(forbidden, inbound({ method: 'INFO', kind: 'other', isInDialog: true })).code, 'GH-POLICY-RECIPIENT-FEDERATION')
  })

  it('a wall stands between two of our own users too', () => {
    const objects = [group('a', [BOB]), group('b', ['carol@contoso.example']), wall({ groups: ['a'] }, { groups: ['b'] })]
    const toCarol = outbound({ toUser: 'carol', toDomain: 'contoso.example' })
    assert.equal(run(objects, toCarol).code, 'GH-POLICY-WALL')
    assert.equal(run(objects, outbound({ toUser: 'dave', toDomain: 'contoso.example' })).verdict, 'allow')
  })
})

describe('facts that are looked up', () => {
  const lookUp = userSettings({ lookUp: true })

  it('are needed by name, once, and only for what crosses the border', () => {
    const snapshot = snapshotOf(...federated, lookUp)
    const of = (input: DecisionInput): unknown => decide(snapshot, input, new DecisionState())
    assert.deepEqual(of(inbound({ toUser: 'B%6Fb' })), { need: 'facts', user: BOB })
    assert.deepEqual(of(outbound()), { need: 'facts', user: BOB })
    assert.equal((of(inbound({ facts: () => known() })) as Decision).code, 'GH-POLICY-ALLOWED')
    assert.equal((of(outbound({ toDomain: 'contoso.example' })) as Decision).verdict, 'allow')
  })

  const rows: readonly [string, PolicyObject[], DecisionInput, string][] = [
    ['nobody to ask', [lookUp], inbound({ facts: () => failedFacts('bus') }), 'FACTS-AWAY'],
    ['an unknown recipient, accepted', [lookUp], inbound({ facts: () => unknownUser('none') }), 'ALLOWED'],
    [
      'an unknown recipient, refused',
      [userSettings({ lookUp: true, unknown: 'refuse' })],
      inbound({ facts: () => unknownUser('none') }),
      'RECIPIENT-UNKNOWN',
    ],
    [
      'an unknown sender, refused',
      [userSettings({ lookUp: true, unknown: 'refuse' })],
      outbound({ facts: () => unknownUser('none') }),
      'USER-UNKNOWN',
    ],
    [
      'known to the document',
      [userSettings({ lookUp: true, unknown: 'refuse' }), rightsOf(BOB)],
      inbound({ facts: () => unknownUser('none') }),
      'ALLOWED',
    ],
    ['a right of the directory', [lookUp], outbound({ facts: () => known({ rights: { federation: false } }) }), 'USER-FEDERATION'],
    [
      'a group of the directory',
      [lookUp, group('t', [], { directoryGroup: 'cn=t', federation: false })],
      outbound({ facts: () => known({ groups: ['cn=t'] }) }),
      'USER-FEDERATION',
    ],
  ]
  for (const [name, objects, input, code] of rows) {
    it(`${name}: ${code}`, () => assert.equal(run(objects, input).code, `GH-POLICY-${code}`))
  }
})

describe('unverified senders', () => {
  const stranger = (more: Partial<DecisionInput> = {}): DecisionInput => inbound({ assertedMark: 'unverified', ...more })
  const hold = userSettings({ lookUp: true, firstContact: 'hold' })
  const rows: readonly [string, PolicyObject[], DecisionInput, string][] = [
    ['nobody knows them', [rightsOf(BOB)], stranger(), 'UNVERIFIED-MESSAGE'],
    ['a contact of the document', [rightsOf(BOB, { contacts: [ALICE] })], stranger(), 'ALLOWED'],
    ['on the safe list by address', [rightsOf(BOB, { safeList: [ALICE] })], stranger(), 'ALLOWED'],
    ['on the safe list by domain', [rightsOf(BOB, { safeList: ['fabrikam.example'] })], stranger(), 'ALLOWED'],
    ['a safe domain is exact', [rightsOf(BOB, { safeList: ['example'] })], stranger(), 'UNVERIFIED-MESSAGE'],
    [
      'an imported contact',
      [userSettings({ lookUp: true })],
      stranger({ facts: () => known({ contacts: new Map([[ALICE, Number.POSITIVE_INFINITY]]) }) }),
      'ALLOWED',
    ],
    [
      'a learned contact, a moment before it expires',
      [userSettings({ lookUp: true })],
      stranger({ facts: () => known({ contacts: new Map([[ALICE, NOW_MS + 1]]) }) }),
      'ALLOWED',
    ],
    [
      'a learned contact that has expired',
      [userSettings({ lookUp: true })],
      stranger({ facts: () => known({ contacts: new Map([[ALICE, NOW_MS]]) }) }),
      'UNVERIFIED-MESSAGE',
    ],
    [
      'a safe list of the directory',
      [userSettings({ lookUp: true })],
      stranger({ facts: () => known({ safeList: new Set(['fabrikam.example']) }) }),
      'ALLOWED',
    ],
    ['a first contact is held', [hold], stranger({ facts: () => known() }), 'FIRST-CONTACT'],
    ['presence is not held', [hold], stranger({ facts: () => known(), kind: 'presence', method: 'SUBSCRIBE' }), 'UNVERIFIED-PRESENCE'],
    [
      'a released contact passes',
      [hold],
      stranger({ facts: () => known({ contacts: new Map([[ALICE, Number.POSITIVE_INFINITY]]) }) }),
      'ALLOWED',
    ],
  ]
  for (const [name, objects, input, code] of rows) {
    it(`${name}: ${code}`, () => assert.equal(run(objects, input).code, `GH-POLICY-${code}`))
  }
})

describe('alike outside', () => {
  it('unknown, forbidden, walled off, held: one status', () => {
    const hold = userSettings({ lookUp: true, firstContact: 'hold', unknown: 'refuse' })
    const refusals = [
      run([hold], inbound({ facts: () => unknownUser('none') })),
      run([hold], inbound({ facts: () => known({ rights: { federation: false } }) })),
      run([hold], inbound({ facts: () => known({ rights: { allowedDomains: [] } }) })),
      run([hold], inbound({ facts: () => known({ rights: { start: 'inside' } }) })),
      run([hold, wall({ users: [BOB] }, { users: [ALICE] })], inbound({ facts: () => known() })),
      run([hold], inbound({ facts: () => known(), assertedMark: 'unverified' })),
      run([userSettings({ lookUp: true })], inbound({ facts: () => known(), assertedMark: 'unverified' })),
      run([], inbound({ assertedMark: 'unverified', kind: 'presence', method: 'SUBSCRIBE' })),
    ]
    assert.equal(new Set(refusals.map((one) => one.code)).size, 8)
    for (const { sipStatus, retryAfterS, verdict } of refusals)
      assert.deepEqual([verdict, sipStatus, retryAfterS], ['deny', 404, undefined])
  })
})

describe('explain', () => {
  it('says each right and who says so', () => {
    const snapshot = snapshotOf(...federated, group('traders', [BOB], { federation: true, start: 'inside' }))
    const decision = explain(snapshot, outbound(), new DecisionState())
    assert.ok(!('need' in decision))
    const step = decision.proof.find(({ rule }) => rule === 'user-rights')
    assert.match(step?.detail ?? '', /federation yes \(Group\/traders\).*who may start inside \(Group\/traders\).*groups traders/)
    assert.equal(step?.source, 'Group/traders')
  })
})
