import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { findMisplaced, type Placed } from './check-order.ts'

/** The rule as one would say it, every pair looked at. */
function mustPrecede({ message: a }: Placed, { message: b }: Placed): boolean {
  const [firstOfA, firstOfB] = [a.attempts[0], b.attempts[0]]
  if (firstOfA === undefined || firstOfB === undefined) return false
  if (a.answeredTick > 0 && a.answeredTick < firstOfB.tick) return true
  const wereSentOnce = a.attempts.length === 1 && b.attempts.length === 1
  return wereSentOnce && firstOfA.connection === firstOfB.connection && firstOfA.tick < firstOfB.tick
}

const attempt = fc.record({ connection: fc.nat({ max: 3 }), tick: fc.nat({ max: 60 }) })
const message = fc.record({
  attempts: fc.array(attempt, { minLength: 1, maxLength: 2 }),
  answeredTick: fc.nat({ max: 60 }),
  isJudged: fc.boolean(),
})

it('finds in one pass whatever a look at every pair finds', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 20 }), (drawn) => {
      const judged = new Set<Placed['message']>()
      const placed = drawn.map(({ isJudged, ...more }, place): Placed => {
        const one = {
          sender: 's',
          conversation: 'c',
          number: place,
          status: 200,
          deliveries: 1,
          deliveredTick: 1,
          isGivenUp: false,
          ...more,
        }
        if (isJudged) judged.add(one)
        return { message: one, place }
      })
      const holds = (earlier: Placed['message']): boolean => judged.has(earlier)
      const expected = placed.filter((later) =>
        placed.some((earlier) => earlier.place > later.place && holds(earlier.message) && mustPrecede(earlier, later)),
      )
      const found = findMisplaced(placed, { holdsAfterAnswer: holds, holdsUnderWay: holds }).flatMap((each) => each ?? [])
      assert.deepEqual(new Set(found.map(({ later }) => later)), new Set(expected))
      for (const { earlier, later } of found) assert.ok(earlier.place > later.place && mustPrecede(earlier, later))
    }),
  )
})
