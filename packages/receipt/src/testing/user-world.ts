import type { DecisionInput, UserFacts } from '@gatehouse/policy-engine'
import fc from 'fast-check'
import { NOW_MS, OUTSIDE, type Written } from './world-names.ts'

const outside = fc.constantFrom(...OUTSIDE)
const inside = fc.constantFrom('alice', 'bob', 'eve').map((user) => `${user}@contoso.example`)
const outsider = fc.tuple(fc.constantFrom('alice', 'bob', 'eve'), outside).map(([user, domain]) => `${user}@${domain}`)
const rights = fc.record(
  {
    federation: fc.constantFrom(true, true, false),
    start: fc.constantFrom('both', 'inside', 'outside', 'none'),
    allowedDomains: fc.array(outside, { maxLength: 2 }),
    blockedDomains: fc.array(outside, { maxLength: 1 }),
  },
  { requiredKeys: [] },
)

const userSettings = fc
  .record({
    lookUp: fc.constantFrom(true, true, false),
    unknown: fc.constantFrom('accept', 'accept', 'refuse'),
    federation: fc.constantFrom(true, true, true, false),
    start: fc.constantFrom('both', 'both', 'inside', 'outside'),
    hold: fc.constantFrom(true, true, false),
  })
  .map(
    ({ hold, ...spec }): Written => ({
      kind: 'UserSettings',
      name: 'default',
      spec: { ...spec, firstContact: hold && spec.lookUp ? 'hold' : 'refuse' },
    }),
  )
const group = fc
  .tuple(rights, fc.array(inside, { maxLength: 2 }))
  .map(([spec, members]): Written => ({ kind: 'Group', name: 'traders', spec: { ...spec, members } }))
const wall = fc.tuple(fc.array(inside, { maxLength: 1 }), outside).map(
  ([users, domain]): Written => ({
    kind: 'EthicalWall',
    name: 'wall',
    spec: { left: { groups: ['traders'], users }, right: { domains: [domain] }, owner: 'compliance', reason: 'deal 7' },
  }),
)
const filter = fc
  .record({
    name: fc.constantFrom('first', 'second'),
    links: fc.constantFrom('block', 'neutralise', 'warn', 'off'),
    pattern: fc.constantFrom(undefined, 'block', 'warn'),
    mode: fc.constantFrom('enforce', 'enforce', 'observe'),
    scope: fc.constantFrom({}, { directions: ['inbound'] }, { partners: ['fabrikam.example'] }),
  })
  .map(
    ({ name, links, pattern, ...rest }): Written => ({
      kind: 'ContentFilter',
      name,
      spec: {
        ...rest,
        links: { action: links, warnText: links === 'warn' ? 'mind the link' : '' },
        patterns: pattern === undefined ? [] : [{ name: 'p', pattern: '(?i)falcon', action: pattern, reason: 'deal 7' }],
      },
    }),
  )

/** What a policy may say of users and of texts; a wall comes with the group it names. */
export const userObjects: fc.Arbitrary<readonly Written[]> = fc
  .tuple(
    fc.option(userSettings, { nil: undefined, freq: 2 }),
    fc.option(group, { nil: undefined }),
    fc.option(wall, { nil: undefined }),
    fc.array(filter, { maxLength: 2 }),
  )
  .map(([settings, traders, between, filters]) => {
    const walled = traders === undefined ? [] : [traders, ...(between === undefined ? [] : [between])]
    return [...(settings === undefined ? [] : [settings]), ...walled, ...filters]
  })

const contact = fc.tuple(outsider, fc.constantFrom(NOW_MS - 1, NOW_MS + 10_000, Number.POSITIVE_INFINITY))
const knownFacts = fc
  .record({
    status: fc.constantFrom<UserFacts['status'][]>('known', 'known', 'known', 'known', 'known', 'unknown', 'failed'),
    rights,
    groups: fc.constantFrom<string[][]>([], ['traders']),
    contacts: fc.array(contact, { maxLength: 3 }),
    safeList: fc.array(fc.oneof(outsider, outside), { maxLength: 2 }),
  })
  .map(
    (facts): UserFacts => ({
      status: facts.status,
      detail: 'directory',
      rights: facts.rights as UserFacts['rights'],
      groups: facts.groups,
      contacts: new Map(facts.contacts),
      safeList: new Set(facts.safeList),
    }),
  )

/** What is known of internal users, the same for each of them. */
export const factsLookUps: fc.Arbitrary<NonNullable<DecisionInput['facts']>> = knownFacts.map((facts) => () => facts)

/** What people write: nothing special, a link, a link to a program, a link within the house, a word of a pattern. */
export const texts: fc.Arbitrary<string> = fc.constantFrom(
  'hello',
  'see http://evil.example/offer',
  'run www.evil.example/setup.exe',
  'see http://intranet/menu',
  'what of project Falcon?',
  '',
)
