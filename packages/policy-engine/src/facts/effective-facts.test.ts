import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PolicyObject, RightsSpec } from '../document.ts'
import { group, known, rightsOf, snapshotOf, userSettings } from '../testing/samples.ts'
import type { EffectiveFacts } from './effective-facts.ts'
import { factsOf } from './facts-of.ts'
import type { UserFacts } from './user-facts.ts'

const BOB = 'bob@contoso.example'

function effective(objects: readonly PolicyObject[], facts?: UserFacts): EffectiveFacts {
  const made = factsOf(snapshotOf(...objects), 'bob', 'contoso.example', { facts: () => facts })
  assert.ok(made !== undefined)
  return made
}

describe('federation: user over groups over defaults', () => {
  const rows: readonly [string, boolean | undefined, boolean | undefined, (boolean | undefined)[], boolean, boolean, string][] = [
    // name, UserRights, directory, groups, default → value, source
    ['nobody says anything', undefined, undefined, [], true, true, 'UserSettings/default'],
    ['nobody but the default', undefined, undefined, [], false, false, 'UserSettings/default'],
    ['a group over the default', undefined, undefined, [true], false, true, 'Group/g0'],
    ['among groups false wins', undefined, undefined, [true, false, true], true, false, 'Group/g1'],
    ['a group that does not say', undefined, undefined, [undefined, true], false, true, 'Group/g1'],
    ['the directory over groups', undefined, true, [false], false, true, 'directory'],
    ['the document over the directory', false, true, [true], true, false, `UserRights/${BOB}`],
    ['the document over everything', true, false, [false], false, true, `UserRights/${BOB}`],
  ]
  for (const [name, own, found, groups, byDefault, value, source] of rows) {
    it(name, () => {
      const objects = groups.map((federation, at) => group(`g${at}`, [BOB], { federation }))
      if (own !== undefined) objects.push(rightsOf(BOB, { federation: own }))
      const facts = effective([...objects, userSettings({ federation: byDefault, lookUp: true })], known({ rights: { federation: found } }))
      assert.deepEqual(facts.federation, { value, source })
      assert.deepEqual(facts.publicIm, facts.federation, 'public IM follows where nobody speaks of it')
    })
  }
})

describe('the other rights', () => {
  it('the narrower start of the groups counts, and all that make it are named', () => {
    const facts = effective([group('a', [BOB], { start: 'inside' }), group('b', [BOB], { start: 'outside' })])
    assert.deepEqual(facts.start, { value: 'none', source: 'Group/a, Group/b' })
  })
  it('allowed domains of groups are joined, those of the user replace them, empty means none', () => {
    const groups = [group('a', [BOB], { allowedDomains: ['a.example'] }), group('b', [BOB], { allowedDomains: ['b.example'] })]
    assert.deepEqual([...(effective(groups).allowedDomains?.value ?? [])], ['a.example', 'b.example'])
    const own = effective([...groups, rightsOf(BOB, { allowedDomains: [] })])
    assert.deepEqual([[...(own.allowedDomains?.value ?? ['?'])], own.allowedDomains?.source], [[], `UserRights/${BOB}`])
    assert.equal(effective([]).allowedDomains, undefined)
  })
  it('blocked domains of all levels are joined', () => {
    const facts = effective(
      [
        group('a', [BOB], { blockedDomains: ['a.example'] }),
        rightsOf(BOB, { blockedDomains: ['b.example'] }),
        userSettings({ lookUp: true }),
      ],
      known({ rights: { blockedDomains: ['c.example'] } }),
    )
    assert.deepEqual(Object.fromEntries(facts.blockedDomains), {
      'a.example': 'Group/a',
      'b.example': `UserRights/${BOB}`,
      'c.example': 'directory',
    })
  })
  it('groups are found by list, by directory name, by their own name, whatever the case', () => {
    const dn = 'CN=Traders,OU=Groups,DC=contoso,DC=example'
    const objects = [
      group('listed', ['BOB@contoso.example']),
      group('traders', [], { directoryGroup: dn }),
      group('sales', []),
      group('none', []),
    ]
    const facts = effective([...objects, userSettings({ lookUp: true })], known({ groups: [dn.toLowerCase(), 'sales'] }))
    assert.deepEqual(
      facts.groups.map((one) => one.name),
      ['listed', 'sales', 'traders'],
    )
  })
})

describe('determinism', () => {
  it('neither the order of objects nor that of groups in the facts matters', () => {
    const rights: RightsSpec[] = [
      { federation: true },
      { federation: false },
      { start: 'inside', publicNetworks: ['a'] },
      { publicNetworks: ['b'] },
    ]
    const objects = rights.map((one, at) => group(`g${at}`, [], one))
    const names = objects.map((one) => one.name)
    const bare = (facts: EffectiveFacts): unknown => ({ ...facts, written: undefined, found: undefined })
    const settings = userSettings({ lookUp: true })
    const one = effective([...objects, settings], known({ groups: names }))
    const other = effective([settings, ...objects.toReversed()], known({ groups: names.toReversed() }))
    assert.deepEqual(bare(other), bare(one))
  })
  it('one facts object for two users gives each their own answer', () => {
    const shared = known()
    const snapshot = snapshotOf(rightsOf(BOB, { federation: false }), userSettings({ lookUp: true }))
    const of = (user: string): boolean | undefined => factsOf(snapshot, user, 'contoso.example', { facts: () => shared })?.federation.value
    assert.deepEqual([of('bob'), of('carol'), of('bob')], [false, true, false])
  })
  it('users of one kind share what follows from it, and keep what is their own', () => {
    const snapshot = snapshotOf(group('sales', []), userSettings({ lookUp: true }))
    const of = (user: string, facts: UserFacts): EffectiveFacts => factsOf(snapshot, user, 'contoso.example', { facts: () => facts })!
    const one = known({ groups: ['sales'], contacts: new Map([['ann@p.example', Number.POSITIVE_INFINITY]]) })
    const other: UserFacts = { ...known({ groups: ['sales'] }), status: 'unknown' }
    const [ofOne, ofOther] = [of('bob', one), of('carol', other)]
    assert.equal(one.memo, other.memo)
    assert.deepEqual([ofOne.isKnown, ofOther.isKnown], [true, false])
    assert.deepEqual([ofOne.found, ofOther.found], [one, other])
    assert.deepEqual(of('bob', one), ofOne)
  })
  it('what was made with one document is not taken with another', () => {
    const facts = known()
    const of = (...objects: PolicyObject[]): boolean | undefined =>
      factsOf(snapshotOf(...objects, userSettings({ lookUp: true })), 'bob', 'contoso.example', { facts: () => facts })?.federation.value
    assert.deepEqual(
      [of(), of(group('g', [BOB], { federation: false })), of(rightsOf(BOB, { federation: false })), of()],
      [true, false, false, true],
    )
  })
  it('without lookUp nobody is asked, with it facts are needed', () => {
    const asked = { facts: (): never => assert.fail('asked') }
    assert.equal(factsOf(snapshotOf(), 'bob', 'contoso.example', asked)?.federation.value, true)
    assert.equal(factsOf(snapshotOf(userSettings({ lookUp: true })), 'bob', 'contoso.example', {}), undefined)
  })
})
