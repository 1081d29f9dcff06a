import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { PolicyObject, RightsSpec } from '../document.ts'
import type { DecisionInput } from '../input.ts'
import {
  cloud,
  decided,
  federated,
  group,
  inbound,
  known,
  NOW_MS,
  outbound,
  peer,
  rightsOf,
  snapshotOf,
  userSettings,
  wall,
} from '../testing/samples.ts'
import type { UserFacts } from './user-facts.ts'

const BOB = 'bob@contoso.example'
const ALICE = 'alice@fabrikam.example'
const base = [...federated, cloud('cloud')]
const domains = fc.subarray(['fabrikam.example', 'cloud.example', 'example'])
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 2 })
const rights: fc.Arbitrary<RightsSpec> = fc.record({
  federation: maybe(fc.boolean()),
  publicIm: maybe(fc.boolean()),
  publicNetworks: maybe(fc.subarray(['cloud', 'sky'])),
  start: maybe(fc.constantFrom('both' as const, 'inside' as const, 'outside' as const, 'none' as const)),
  allowedDomains: maybe(domains),
  blockedDomains: maybe(fc.subarray(['woodgrove.example', 'cloud.example'])),
})
/** Names of what the four places say: the user's own entry, two groups, the directory. */
const world = fc.record({
  own: maybe(rights),
  first: rights,
  second: rights,
  found: rights,
  isContact: fc.boolean(),
  isLookedUp: fc.boolean(),
})
type World = Parameters<Parameters<typeof world.map>[0]>[0]

const input = fc
  .tuple(fc.constantFrom('fabrikam.example', 'cloud.example'), fc.boolean(), fc.boolean(), fc.boolean())
  .map(([domain, isOut, isInDialog, isVerified]): DecisionInput => {
    const more = { isInDialog, assertedMark: isVerified ? ('verified' as const) : ('unverified' as const) }
    if (isOut) return outbound({ ...more, toDomain: domain })
    return inbound({ ...more, fromDomain: domain, peer: peer([`sip.${domain}`]) })
  })

function objectsOf({ own, first, second, isLookedUp }: World): PolicyObject[] {
  const objects = [...base, group('first', [BOB], first), group('second', [BOB], second), userSettings({ lookUp: isLookedUp })]
  if (own !== undefined) objects.push(rightsOf(BOB, own))
  return objects
}

function foundOf({ found, isContact }: World): UserFacts {
  return known({ rights: found, contacts: isContact ? new Map([[ALICE, NOW_MS + 1]]) : new Map() })
}

function passes(objects: readonly PolicyObject[], message: DecisionInput, facts: UserFacts): boolean {
  return decided(snapshotOf(...objects), { ...message, facts: () => facts }).verdict === 'allow'
}

/** The same rights with one thing taken away; whoever said nothing of it says no. */
function without(given: RightsSpec, what: string): RightsSpec {
  switch (what) {
    case 'federation':
      return { ...given, federation: false }
    case 'publicIm':
      return { ...given, publicIm: false }
    case 'start':
      return { ...given, start: 'none' }
    case 'networks':
      return given.publicNetworks === undefined ? given : { ...given, publicNetworks: given.publicNetworks.slice(1) }
    case 'domains':
      return given.allowedDomains === undefined ? given : { ...given, allowedDomains: given.allowedDomains.slice(1) }
    default:
      return { ...given, blockedDomains: [...(given.blockedDomains ?? []), 'fabrikam.example'] }
  }
}

const what = fc.constantFrom('federation', 'publicIm', 'start', 'networks', 'domains', 'blocked')
const where = fc.constantFrom('own' as const, 'first' as const, 'second' as const, 'found' as const)

describe('properties of user rights', () => {
  it('the generators reach both verdicts often', () => {
    const verdicts = fc
      .sample(fc.tuple(world, input), { numRuns: 1000, seed: 3 })
      .map(([one, message]) => passes(objectsOf(one), message, foundOf(one)))
    const allows = verdicts.filter((isAllowed) => isAllowed).length
    assert.ok(allows > 50 && allows < 950, `${allows} of 1000`)
  })

  it('taking a right away, anywhere, never lets more through', () => {
    fc.assert(
      fc.property(world, input, what, where, (before, message, right, place) => {
        const given = before[place]
        if (given === undefined) return
        const after = { ...before, [place]: without(given, right) }
        if (!passes(objectsOf(before), message, foundOf(before))) assert.equal(passes(objectsOf(after), message, foundOf(after)), false)
      }),
      { numRuns: 4000 },
    )
  })

  it('a wall, a lost contact, a group with a block never let more through', () => {
    const harder = fc.constantFrom(
      wall({ users: [BOB] }, { domains: ['example'] }),
      wall({ groups: ['first'] }, { domains: ['fabrikam.example'] }),
      group('third', [BOB], { blockedDomains: ['example'] }),
    )
    fc.assert(
      fc.property(world, input, harder, (one, message, object) => {
        const objects = objectsOf(one)
        const isPassing = passes(objects, message, foundOf(one))
        const isPassingThen = passes([...objects, object], message, foundOf(one))
        const isPassingAlone = passes(objects, message, foundOf({ ...one, isContact: false }))
        assert.ok(isPassing || (!isPassingThen && !isPassingAlone))
      }),
      { numRuns: 2000 },
    )
  })

  it('a wall keeps everybody out, whatever the rights', () => {
    fc.assert(
      fc.property(world, input, (one, message) => {
        assert.equal(passes([...objectsOf(one), wall({ users: [BOB] }, { domains: ['example'] })], message, foundOf(one)), false)
      }),
      { numRuns: 500 },
    )
  })
})
