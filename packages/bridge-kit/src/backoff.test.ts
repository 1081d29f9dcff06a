import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Backoff } from './backoff.ts'

it('waits longer each time, up to the longest, and begins anew after a success', () => {
  const backoff = new Backoff({ firstMs: 1_000, longestMs: 8_000 })
  const most = (): number => backoff.failed(0.999_999)
  assert.deepEqual([most(), most(), most(), most(), most()], [1_000, 2_000, 4_000, 8_000, 8_000])
  assert.equal(backoff.failed(0), 4_000)
  assert.equal(backoff.failures, 6)
  backoff.succeeded()
  assert.equal(most(), 1_000)
  for (let at = 0; at < 5_000; at++) assert.ok(backoff.failed(0.5) <= 8_000)
})
