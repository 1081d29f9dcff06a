import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { busSubjects, createEmbeddedBus } from '@gatehouse/bus'
import type { UserFacts } from '@gatehouse/policy-engine'
import { GetFactsRequestSchema, GetFactsResponseSchema, NoteFactsRequestSchema } from '@gatehouse/proto'
import fc from 'fast-check'
import { encodeFactsChanged, FactsCache, type FactsCacheOptions } from './facts-cache.ts'
import { factsFromMessage, factsToMessage } from './facts-message.ts'
import { FactsNotes } from './facts-notes.ts'

const BOB = 'bob@contoso.example'

interface World {
  readonly cache: FactsCache
  readonly bus: ReturnType<typeof createEmbeddedBus>
  readonly clock: { nowMs: number }
  /** Users of each request, in order. */
  readonly requests: string[][]
  readonly server: { isAway: boolean; version: number; gate: Promise<void> | undefined; isUnreadable: boolean }
  readonly get: (user: string) => Promise<UserFacts>
}

async function world(options: Partial<FactsCacheOptions> = {}): Promise<World> {
  const bus = createEmbeddedBus()
  const clock = { nowMs: 1_800_000_000_000 }
  const requests: string[][] = []
  const server: World['server'] = { isAway: false, version: 1, gate: undefined, isUnreadable: false }
  await bus.serve(busSubjects.factsGet.name, 'policy', async ({ data }) => {
    if (server.isAway) throw new Error('away')
    const { users } = fromBinary(GetFactsRequestSchema, data)
    requests.push(users)
    const source = `v${server.version}`
    await server.gate
    if (server.isUnreadable) return Buffer.from('no protobuf \xff')
    const facts = users.map((user) => ({ user, known: !user.startsWith('nobody'), source }))
    return toBinary(GetFactsResponseSchema, create(GetFactsResponseSchema, { facts }))
  })
  const cache = new FactsCache({ bus, nowMs: () => clock.nowMs, defer: (run) => void setImmediate(run) }, options)
  await cache.start()
  const get = (user: string): Promise<UserFacts> => {
    const facts = cache.facts(user)
    return facts === undefined ? new Promise((resolve) => cache.lookupFacts(user, resolve)) : Promise.resolve(facts)
  }
  return { cache, bus, clock, requests, server, get }
}

async function turns(): Promise<void> {
  for (let at = 0; at < 10; at++) await new Promise((resolve) => setImmediate(resolve))
}

describe('facts cache', () => {
  it('asks once for all who wait, and answers from memory then', async () => {
    const { get, requests, cache } = await world()
    assert.equal(cache.facts(BOB), undefined)
    const answers = await Promise.all([get(BOB), get(BOB), get('carol@contoso.example')])
    assert.deepEqual(
      answers.map((facts) => facts.status),
      ['known', 'known', 'known'],
    )
    assert.equal(answers[0], answers[1])
    await get(BOB)
    assert.deepEqual(requests, [[BOB, 'carol@contoso.example']])
  })

  it('drops who changed, and everybody on `*` and on what it cannot read', async () => {
    const { get, bus, server, requests } = await world()
    await get(BOB)
    for (const [data, version] of [
      [encodeFactsChanged([BOB]), 2],
      [encodeFactsChanged(['*']), 3],
      [Buffer.from('{"users": 7}'), 4],
    ] as const) {
      server.version = version
      bus.publish(busSubjects.factsChanged.name, data)
      await turns()
      assert.equal((await get(BOB)).detail, `v${version}`)
    }
    bus.publish(busSubjects.factsChanged.name, encodeFactsChanged(['carol@contoso.example']))
    await turns()
    await get(BOB)
    assert.equal(requests.length, 4)
  })

  it('an answer that a change overtook is asked for again', async () => {
    const { get, bus, server, requests } = await world()
    let open = (): void => {}
    server.gate = new Promise((resolve) => {
      open = resolve
    })
    const answer = get(BOB)
    await turns()
    server.version = 2
    bus.publish(busSubjects.factsChanged.name, encodeFactsChanged([BOB]))
    await turns()
    open()
    assert.equal((await answer).detail, 'v2')
    assert.equal(requests.length, 2)
  })

  it('unknown users are kept for a short time, known ones for a longer one', async () => {
    const { get, clock, requests } = await world({ refreshMs: 10_000, unknownMs: 1_000 })
    await get(BOB)
    assert.equal((await get('nobody@contoso.example')).status, 'unknown')
    clock.nowMs += 999
    await get('nobody@contoso.example')
    assert.equal(requests.length, 2)
    clock.nowMs += 1
    await get('nobody@contoso.example')
    await get(BOB)
    assert.equal(requests.length, 3)
    clock.nowMs += 9_000
    await get(BOB)
    assert.equal(requests.length, 4)
  })

  it('with the policy service away it goes on until it is stale, and others get no facts', async () => {
    const { get, clock, server } = await world({ refreshMs: 1_000, maxStalenessMs: 10_000, retryMs: 100 })
    await get(BOB)
    server.isAway = true
    clock.nowMs += 2_000
    assert.equal((await get(BOB)).status, 'known')
    assert.equal((await get('carol@contoso.example')).status, 'failed')
    clock.nowMs += 8_000
    assert.equal((await get(BOB)).status, 'known')
    clock.nowMs += 1
    assert.equal((await get(BOB)).status, 'failed')
    server.isAway = false
    clock.nowMs += 100
    assert.equal((await get(BOB)).status, 'known')
  })

  it('nobody is asked for a moment after a failure, and what is known is served at once', async () => {
    const { get, clock, server, cache } = await world({ refreshMs: 1_000, retryMs: 500 })
    await get(BOB)
    clock.nowMs += 1_000
    assert.equal(cache.facts(BOB), undefined)
    server.isAway = true
    await get(BOB)
    assert.equal(cache.facts(BOB)?.status, 'known')
    clock.nowMs += 500
    assert.equal(cache.facts(BOB), undefined)
  })

  it('an answer that cannot be read is no facts', async () => {
    const { get, server } = await world()
    server.isUnreadable = true
    assert.equal((await get(BOB)).status, 'failed')
  })

  it('is bounded: the one not used for longest goes', async () => {
    const { get, cache } = await world({ maxEntries: 3 })
    for (const name of ['a', 'b', 'c']) await get(name)
    await get('a')
    await get('d')
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((name) => cache.facts(name) !== undefined),
      [true, false, true, true],
    )
    assert.equal(cache.size, 3)
  })

  it('so are those who wait', async () => {
    const { get, server } = await world({ maxWaiting: 2 })
    let open = (): void => {}
    server.gate = new Promise((resolve) => {
      open = resolve
    })
    const answers = ['a', 'b', 'c'].map(get)
    assert.equal((await answers[2])?.status, 'failed')
    open()
    assert.equal((await answers[0])?.status, 'known')
  })

  it('many at once are few requests of bounded size', async () => {
    const { get, requests } = await world()
    await Promise.all(Array.from({ length: 1000 }, (_, at) => get(`u${at}`)))
    assert.deepEqual(
      requests.map((users) => users.length),
      [256, 256, 256, 232],
    )
  })
})

describe('facts on the wire', () => {
  it('come out as they went in', () => {
    const names = fc.array(fc.string({ minLength: 1, maxLength: 5 }), { maxLength: 3 })
    const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })
    const facts: fc.Arbitrary<UserFacts> = fc.record({
      status: fc.constant('known' as const),
      detail: fc.constantFrom('directory', 'import'),
      rights: fc.record({
        federation: maybe(fc.boolean()),
        publicIm: maybe(fc.boolean()),
        publicNetworks: maybe(names),
        remote: maybe(fc.boolean()),
        start: maybe(fc.constantFrom('both' as const, 'inside' as const, 'outside' as const, 'none' as const)),
        allowedDomains: maybe(names),
        blockedDomains: maybe(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 2 })),
      }),
      groups: names,
      contacts: fc
        .dictionary(fc.string({ minLength: 1 }), fc.oneof(fc.integer({ min: 1 }), fc.constant(Number.POSITIVE_INFINITY)))
        .map((all) => new Map(Object.entries(all))),
      safeList: names.map((all) => new Set(all)),
    })
    fc.assert(
      fc.property(facts, (one) =>
        assert.deepEqual(factsFromMessage(factsToMessage(BOB, one)), { ...one, rights: { ...one.rights }, memo: undefined }),
      ),
    )
  })
  it('a word of a newer version is taken for the narrowest', () => {
    const message = factsToMessage(BOB, {
      status: 'known',
      detail: 'x',
      rights: { start: 'both' },
      groups: [],
      contacts: new Map(),
      safeList: new Set(),
    })
    if (message.rights !== undefined) message.rights.start = 'sometimes'
    assert.equal(factsFromMessage(message).rights.start, 'none')
  })
})

describe('facts notes', () => {
  it('a long conversation is one note, batched with others; one that was lost is told again', async () => {
    const bus = createEmbeddedBus()
    const clock = { nowMs: 5_000 }
    const noted: string[][] = []
    let isAway = false
    await bus.serve(busSubjects.factsNote.name, 'policy', ({ data }) => {
      if (isAway) throw new Error('away')
      const { learned, held } = fromBinary(NoteFactsRequestSchema, data)
      noted.push([...learned.map(({ user, contact }) => `${user}>${contact}`), ...held.map(({ user, contact }) => `${contact}?${user}`)])
      return new Uint8Array()
    })
    const notes = new FactsNotes({ bus, nowMs: () => clock.nowMs, defer: (run) => void setImmediate(run) })
    for (let at = 0; at < 100; at++) notes.learned('a', 'x')
    notes.learned('a', 'y')
    notes.held({ user: 'a', contact: 'z', partner: 'p', envelopeId: undefined })
    await turns()
    assert.deepEqual(noted, [['a>x', 'a>y', 'z?a']])
    clock.nowMs += 3_600_000
    isAway = true
    notes.learned('a', 'x')
    await turns()
    isAway = false
    notes.learned('a', 'x')
    await turns()
    assert.deepEqual(noted.slice(1), [['a>x']])
  })
})
