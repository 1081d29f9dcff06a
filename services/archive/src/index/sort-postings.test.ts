import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sortPostings } from './sort-postings.ts'

/** Of a fixed seed, so that a failure can be repeated. */
function randomNumbers(count: number, below: number): Float64Array {
  let state = 12345
  const next = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return state / 2 ** 32
  }
  return Float64Array.from({ length: count }, () => Math.floor((next() + next() / 2 ** 32) * below) % below)
}

test('numbers of every size come in the order in which they are sorted natively', () => {
  for (const count of [0, 1, 2, 1023, 1024, 5000, 70_000])
    for (const below of [1, 2, 1000, 2 ** 31, 2 ** 32 + 5, 2 ** 49, 2 ** 53]) {
      const numbers = randomNumbers(count, below)
      const expected = Float64Array.from(numbers).sort()
      sortPostings(numbers)
      assert.deepEqual(numbers, expected, `${count} below ${below}`)
    }
})

test('a part of a larger array is sorted where it stands', () => {
  const whole = randomNumbers(3000, 2 ** 53)
  const [before, after] = [whole[499], whole[2500]]
  const expected = whole.slice(500, 2500).sort()
  sortPostings(whole.subarray(500, 2500))
  assert.deepEqual(whole.slice(500, 2500), expected)
  assert.deepEqual([whole[499], whole[2500]], [before, after])
})
