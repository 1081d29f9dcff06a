import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reconnectPace } from './reconnect-pace.ts'

/** Dials as the client does, for a while, a server that refuses; gives the moments. */
function dials(pace: () => number, clock: { monotonicMs: number; dayMs: number; lastConnectMs: number }, forMs: number): number[] {
  const moments: number[] = []
  const untilMs = clock.monotonicMs + forMs
  const sleep = (ms: number): void => {
    clock.monotonicMs += ms
    clock.dayMs += ms
  }
  while (clock.monotonicMs < untilMs) {
    const wait = pace()
    if (clock.lastConnectMs + wait <= clock.dayMs) {
      clock.lastConnectMs = clock.dayMs
      moments.push(clock.monotonicMs)
      sleep(1)
    } else sleep(Math.max(1, Math.min(wait, clock.lastConnectMs + wait - clock.dayMs)))
  }
  return moments
}

test('a server is dialled at once, then every 200 to 400 ms, also after the clock was set back by ten minutes', () => {
  const clock = { monotonicMs: 5_000, dayMs: 1_000_000, lastConnectMs: 0 }
  const pace = reconnectPace({ monotonicMs: () => clock.monotonicMs, random: () => 0.5 }, 200)
  const before = dials(pace, clock, 3_000)
  clock.dayMs -= 600_000
  const after = dials(pace, clock, 3_000)
  const forward = { ...clock }
  clock.dayMs += 900_000
  const later = dials(pace, clock, 3_000)
  assert.equal(before[0], 5_000)
  for (const moments of [before, after, later]) {
    assert.ok(moments.length >= 9 && moments.length <= 11, `${moments.length} in three seconds`)
  }
  assert.ok((after[0] ?? Number.POSITIVE_INFINITY) - (before.at(-1) ?? 0) <= 600)
  assert.ok((later[0] ?? Number.POSITIVE_INFINITY) - forward.monotonicMs <= 400)
})
