import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Bus, type BusKv, busSubjects, createEmbeddedBus } from '@gatehouse/bus'
import { ReplicaWatch } from './replica-watch.ts'

const BEAT_MS = 1_000
const STALE_MS = 60_000
const DAY_MS = 24 * 3_600_000

interface Ward {
  readonly watch: ReplicaWatch
  readonly kv: BusKv
  readonly clock: { ms: number }
  readonly changes: () => number
  readonly report: (replica: string, revision: number, more?: object) => Promise<void>
  readonly lapse: (ms: number) => Promise<void>
  /** `replica silence` of each that is shown. */
  readonly shown: () => Promise<string[]>
}

async function turns(): Promise<void> {
  for (let at = 0; at < 10; at++) await new Promise((resolve) => setImmediate(resolve))
}

async function watchOver(bus: Bus = createEmbeddedBus()): Promise<Ward> {
  const clock = { ms: 5_000 }
  let changes = 0
  const watch = new ReplicaWatch({ bus, elapsedMs: () => clock.ms, heartbeatMs: BEAT_MS, onChange: () => void changes++ })
  const kv = await bus.kv(busSubjects.replicasBucket.name)
  await watch.sweep()
  return {
    watch,
    kv,
    clock,
    changes: () => changes,
    report: async (replica, revision, more = { staleAfterMs: STALE_MS }) => {
      const text = JSON.stringify({ service: 'federation-peer', replica, revision, sinceMs: 1, ...more })
      await kv.put(`federation-peer.${replica}`, new TextEncoder().encode(text))
      await turns()
    },
    lapse: async (ms) => {
      clock.ms += ms
      await watch.sweep()
      await turns()
    },
    shown: async () => (await watch.read()).map(({ replica, silentMs }) => `${replica} ${silentMs}`),
  }
}

describe('who has which revision', () => {
  it('one that was killed is silent first, then struck off, and its entry is gone', async () => {
    const { watch, kv, report, lapse, shown } = await watchOver()
    await report('a', 7)
    await report('b', 7)
    for (let beat = 0; beat < 4; beat++) {
      await lapse(BEAT_MS)
      await report('a', 7)
    }
    assert.deepEqual(await shown(), ['a 0', 'b 4000'])
    assert.equal(watch.reports().length, 2, 'it may be cut off, and decide by revision 7')
    await lapse(STALE_MS - 4 * BEAT_MS)
    await report('a', 7)
    assert.equal(watch.reports().length, 2)
    await lapse(1)
    assert.deepEqual([watch.reports().length, await shown(), await kv.keys()], [1, ['a 0'], ['federation-peer.a']])
    await report('b', 7)
    assert.deepEqual(await shown(), ['a 0', 'b 0'], 'and back when it answers')
  })

  it('counts for a day where its policy never gets too old, or where it does not say', async () => {
    const { report, lapse, shown } = await watchOver()
    await report('for-ever', 7, { staleAfterMs: 0 })
    await report('older-version', 7, {})
    await lapse(DAY_MS)
    assert.equal((await shown()).length, 2)
    await lapse(1)
    assert.deepEqual(await shown(), [])
  })

  it('does not count a replica out between two heartbeats, however soon its policy is too old', async () => {
    const { report, lapse, shown } = await watchOver()
    await report('a', 7, { staleAfterMs: 10 })
    await lapse(3 * BEAT_MS)
    assert.deepEqual(await shown(), ['a 0'])
    await lapse(1)
    assert.deepEqual(await shown(), [])
  })

  it('an answer that says nothing new wakes nobody; a revision, a newcomer and a leave do', async () => {
    const { report, kv, changes } = await watchOver()
    await report('a', 7)
    await report('a', 7)
    assert.equal(changes(), 1)
    await report('a', 8)
    await kv.delete('federation-peer.a')
    await turns()
    assert.equal(changes(), 3)
  })

  it('entries that are no reports are left alone and not shown', async () => {
    const { report, kv, shown, lapse } = await watchOver()
    await report('a', 7, { staleAfterMs: -1 })
    await report('b', 7, { staleAfterMs: 'soon' })
    await kv.put('nonsense', new Uint8Array([1, 2]))
    await lapse(2 * DAY_MS)
    assert.deepEqual([await shown(), (await kv.keys()).length], [[], 3])
  })
})
