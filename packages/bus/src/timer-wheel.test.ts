import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TimerWheel, type WheelEntry } from './timer-wheel.ts'

class FakeTime {
  nowMs = 0
  timers: { atMs: number; run: () => void }[] = []

  setTimer = (run: () => void, delayMs: number): (() => void) => {
    const timer = { atMs: this.nowMs + delayMs, run }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((other) => other !== timer)
    }
  }

  advanceTo(targetMs: number): void {
    for (;;) {
      const next = this.timers.toSorted((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined || next.atMs > targetMs) break
      this.timers = this.timers.filter((other) => other !== next)
      this.nowMs = Math.max(this.nowMs, next.atMs)
      next.run()
    }
    this.nowMs = targetMs
  }
}

function entry(expire: () => void): WheelEntry {
  return { expire, wheelNext: undefined, wheelPrevious: undefined, wheelSlot: -1, wheelRounds: 0 }
}

test('entries expire never before their time and at most 50 ms after it, removed ones never', () => {
  const operation = fc.record({
    delayMs: fc.integer({ min: 0, max: 20_000 }),
    pauseMs: fc.integer({ min: 0, max: 400 }),
    isRemoved: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const time = new FakeTime()
      const wheel = new TimerWheel(() => time.nowMs, time.setTimer)
      const late: number[] = []
      let expected = 0
      for (const { delayMs, pauseMs, isRemoved } of operations) {
        const dueMs = time.nowMs + delayMs
        const added = entry(() => late.push(time.nowMs - dueMs))
        wheel.add(added, delayMs)
        assert.ok(time.timers.length <= 1)
        if (isRemoved) {
          wheel.remove(added)
          wheel.remove(added)
        } else expected++
        time.advanceTo(time.nowMs + pauseMs)
      }
      time.advanceTo(time.nowMs + 30_000)
      assert.equal(late.length, expected)
      assert.ok(late.every((ms) => ms >= 0 && ms <= 50))
      assert.equal(wheel.size, 0)
      assert.equal(time.timers.length, 0, 'no timer runs when nothing waits')
    }),
  )
})

test('a process that slept expires everything due, once', () => {
  const time = new FakeTime()
  const wheel = new TimerWheel(() => time.nowMs, time.setTimer)
  let expired = 0
  for (const delayMs of [10, 5000, 50_000])
    wheel.add(
      entry(() => expired++),
      delayMs,
    )
  time.nowMs = 3_600_000
  time.advanceTo(3_600_100)
  assert.equal(expired, 3)
})
