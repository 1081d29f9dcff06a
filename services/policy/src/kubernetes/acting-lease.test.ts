import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createEmbeddedBus } from '@gatehouse/bus'
import { ActingLease } from './acting-lease.ts'

interface Contender {
  readonly lease: ActingLease
  /** Times it came to hold the lease. */
  readonly gains: () => number
  /** What its timer does, and what that leads to. */
  readonly beat: () => Promise<void>
}

describe('the lease of who acts', () => {
  function contest(): { readonly clock: { nowMs: number }; readonly join: (name: string) => Contender } {
    const bus = createEmbeddedBus()
    const clock = { nowMs: 1_000 }
    const join = (holder: string): Contender => {
      let gained = 0
      let run = (): void => {}
      const lease = new ActingLease({
        bus,
        holder,
        elapsedMs: () => clock.nowMs,
        every: (_, tick) => {
          run = tick
          return () => {}
        },
        onGained: () => {
          gained += 1
        },
      })
      const beat = async (): Promise<void> => {
        run()
        for (let at = 0; at < 10; at++) await new Promise((resolve) => setImmediate(resolve))
      }
      return { lease, gains: () => gained, beat }
    }
    return { clock, join }
  }

  it('is held by one, goes on while it beats, and is handed over at once when given back', async () => {
    const { clock, join } = contest()
    const [first, second] = [join('one'), join('two')]
    await first.lease.start()
    await second.lease.start()
    assert.deepEqual([first.lease.isHeld, second.lease.isHeld], [true, false])
    for (let beat = 0; beat < 20; beat++) {
      clock.nowMs += 2_000
      await first.beat()
      await second.beat()
      assert.deepEqual([first.lease.isHeld, second.lease.isHeld], [true, false])
    }
    await first.lease.stop()
    clock.nowMs += 2_000
    await second.beat()
    assert.deepEqual([first.lease.isHeld, second.lease.isHeld, first.gains(), second.gains()], [false, true, 1, 1])
  })

  it('of one that is gone is taken over, never while it may still think that it holds it', async () => {
    const { clock, join } = contest()
    const [first, second] = [join('one'), join('two')]
    await first.lease.start()
    await second.lease.start()
    while (!second.lease.isHeld) {
      clock.nowMs += 500
      await second.beat()
      assert.ok(!(first.lease.isHeld && second.lease.isHeld))
      assert.ok(clock.nowMs < 20_000, 'it is taken over in the end')
    }
    // the first one wakes up again: it sees that it was replaced
    await first.beat()
    assert.deepEqual([first.lease.isHeld, second.lease.isHeld], [false, true])
  })
})
