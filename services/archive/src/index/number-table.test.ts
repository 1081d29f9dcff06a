import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { NumberTable } from './number-table.ts'
import { SeenKeys } from './seen-keys.ts'

const number = fc.oneof(
  fc.nat(50),
  fc.maxSafeNat().map((value) => value % 2 ** 48),
)

it('a table of numbers keeps under each key what was put there, in order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(number, fc.nat()), { maxLength: 3000 }), number, (pairs, other) => {
      const table = new NumberTable()
      const expected = new Map<number, number[]>()
      for (const [key, value] of pairs) {
        table.add(key, value)
        expected.set(key, [...(expected.get(key) ?? []), value])
      }
      for (const [key, values] of expected) assert.deepEqual(table.get(key), values)
      assert.deepEqual(table.get(other), expected.get(other) ?? [])
    }),
    { numRuns: 30 },
  )
})

it('a key that was seen is never said to be new; of those that were not, few are', () => {
  const seen = new SeenKeys()
  const keyOf = (at: number): number => (at * 2_654_435_761) % 2 ** 33
  for (let at = 0; at < 50_000; at++) seen.add(keyOf(at), at)
  for (let at = 0; at < 50_000; at++) assert.ok(seen.mayHave(keyOf(at), 0))
  let wrong = 0
  for (let at = 50_000; at < 100_000; at++) if (seen.mayHave(keyOf(at), 0)) wrong++
  assert.ok(wrong < 200, `${wrong} of 50,000`)
  assert.ok(!seen.mayHave(keyOf(1), 50_000), 'it was seen before that time')
})
