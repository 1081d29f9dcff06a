import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ClockWatch } from './clock-watch.ts'

const NOW = Date.UTC(2026, 10, 28)

describe('ClockWatch', () => {
  it('does not take an old sign of life for a clock that is ahead', () => {
    const watch = new ClockWatch()
    assert.equal(watch.take(NOW - 3_600_000, NOW), false)
    assert.equal(watch.isApart, false)
    assert.equal(watch.take(NOW + 300, NOW), false)
  })

  it('tells once that our clock is ahead, and once that it is right again', () => {
    const watch = new ClockWatch()
    watch.take(NOW - 60_000, NOW)
    assert.equal(watch.take(NOW - 60_000, NOW), true)
    assert.equal(watch.take(NOW - 59_000, NOW), false)
    assert.equal(watch.skewMs, -59_000)
    assert.equal(watch.take(NOW, NOW), true)
    assert.equal(watch.isApart, false)
  })

  it('sees a clock that is behind in the first sign already', () => {
    const watch = new ClockWatch()
    assert.equal(watch.take(NOW + 10_001, NOW), true)
    assert.equal(watch.skewMs, 10_001)
  })
})
