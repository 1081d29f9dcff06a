import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { orderTargets, type SrvTarget } from './order-targets.ts'

function target(priority: number, weight: number, host: string): SrvTarget {
  return { priority, weight, host, port: 5061 }
}

/** A small generator with a fixed seed, so that shares can be counted and never flake. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

test('RFC 2782: lower priority values come first whatever the draw', () => {
  const srv = [target(20, 100, 'c'), target(10, 0, 'a'), target(30, 1, 'd'), target(10, 5, 'b')]
  for (const drawn of [0, 0.5, 0.999]) {
    const hosts = orderTargets(srv, () => drawn).map((one) => one.host)
    assert.deepEqual(hosts.slice(2), ['c', 'd'])
    assert.deepEqual(hosts.slice(0, 2).sort(), ['a', 'b'])
  }
})

test('RFC 2782: within one priority the first place is drawn by weight', () => {
  const random = seeded(7)
  let heavy = 0
  for (let draw = 0; draw < 4_000; draw++)
    if (orderTargets([target(1, 1, 'light'), target(1, 3, 'heavy')], random)[0]?.host === 'heavy') heavy++
  // the draw is over 0…total inclusive, so weight 3 of 4 is 3 of 5 places and the first target has the other two
  assert.ok(heavy > 2_200 && heavy < 2_600, `heavy came first ${heavy} times`)
})

test('RFC 2782: a target without weight is drawn seldom but never lost', () => {
  const random = seeded(11)
  let weightless = 0
  for (let draw = 0; draw < 2_000; draw++)
    if (orderTargets([target(1, 99, 'full'), target(1, 0, 'none')], random)[0]?.host === 'none') weightless++
  assert.ok(weightless > 5 && weightless < 60, `weightless came first ${weightless} times`)
})

test('every order holds the same targets, sorted by priority, and leaves its input alone', () => {
  const targets = fc.array(
    fc.record({ priority: fc.nat(3), weight: fc.nat(65_535), host: fc.stringMatching(/^[a-z]{1,4}$/), port: fc.constant<number>(5061) }),
  )
  fc.assert(
    fc.property(targets, fc.nat(), (srv, seed) => {
      const before = [...srv]
      const ordered = orderTargets(srv, seeded(seed))
      assert.ok(srv.length === before.length && srv.every((one, at) => one === before[at]))
      assert.equal(new Set(ordered).size, srv.length)
      assert.ok(ordered.every((one) => srv.includes(one)))
      assert.ok(ordered.every((one, at) => at === 0 || (ordered[at - 1]?.priority ?? 0) <= one.priority))
    }),
    { numRuns: 200 },
  )
})
