import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { type Bus, type BusKv, createEmbeddedBus } from '@gatehouse/bus'
import { silentLogger } from '@gatehouse/telemetry'
import { BridgeRig } from '../../testing/bridge-rig.ts'
import { SeenLedger } from './seen-ledger.ts'
import { decodePage, PagesRead, type SeenMark, SeenPage } from './seen-page.ts'

const alice = { user: 'alice', domain: 'contoso.example' }
const HOUR_MS = 3_600_000
const keyOf = (text: string): string => createHash('sha256').update(text).digest().toString('base64url', 0, 16)

function pageOf(marks: readonly SeenMark[]): Uint8Array {
  const page = new SeenPage(8)
  for (const mark of marks) page.add(mark)
  return page.bytes()
}

function after(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs)
  return () => clearTimeout(timer)
}

async function ledgerOn(bus: Bus, replica: string, clock = { nowMs: 1_000_000 }, kv?: BusKv): Promise<SeenLedger> {
  const ledger = new SeenLedger({ kv: kv ?? (await bus.kv('seen')), replica, nowMs: () => clock.nowMs, after, log: silentLogger })
  await ledger.start()
  return ledger
}

describe('the ledger of what was taken in', () => {
  it('tells another replica, and the same one after a restart', async () => {
    const bus = createEmbeddedBus()
    const first = await ledgerOn(bus, 'r0')
    const second = await ledgerOn(bus, 'r1')
    await Promise.all(Array.from({ length: 1_300 }, (_, at) => first.add(keyOf(`m${at}`))))
    while (!second.has(keyOf('m1299'), HOUR_MS)) await new Promise((resolve) => setImmediate(resolve))
    const again = await ledgerOn(bus, 'r0')
    for (let at = 0; at < 1_300; at++) assert.ok(second.has(keyOf(`m${at}`), HOUR_MS) && again.has(keyOf(`m${at}`), HOUR_MS), `m${at}`)
    assert.equal(second.has(keyOf('other'), HOUR_MS), false)
    await again.add(keyOf('after the restart'))
    const third = await ledgerOn(bus, 'r2')
    assert.ok(third.has(keyOf('after the restart'), HOUR_MS) && third.has(keyOf('m1299'), HOUR_MS), 'nothing new was written over')
    for (const ledger of [first, second, again, third]) await ledger.stop()
    await bus.close(0)
  })

  it('forgets by age', async () => {
    const bus = createEmbeddedBus()
    const clock = { nowMs: 1_000_000 }
    const ledger = await ledgerOn(bus, 'r0', clock)
    await ledger.add(keyOf('m'))
    clock.nowMs += 2 * HOUR_MS
    assert.deepEqual([ledger.has(keyOf('m'), HOUR_MS), ledger.has(keyOf('m'), 3 * HOUR_MS)], [false, true])
    await ledger.stop()
    await bus.close(0)
  })

  it('holds nobody up when the bus does not take it', async () => {
    const bus = createEmbeddedBus()
    const kv = await bus.kv('seen')
    const broken: BusKv = {
      get: (key) => kv.get(key),
      put: () => Promise.reject(new Error('away')),
      delete: (key) => kv.delete(key),
      keys: () => kv.keys(),
      watch: (run) => kv.watch(run),
    }
    const ledger = await ledgerOn(bus, 'r0', undefined, broken)
    await ledger.add(keyOf('m'))
    assert.equal(ledger.has(keyOf('m'), HOUR_MS), true)
    await ledger.stop()
    await bus.close(0)
  })

  it('reads back what it wrote, and nothing out of other bytes', () => {
    const marks = [
      { key: keyOf('a'), atMs: 1_764_000_000_000 },
      { key: keyOf('b'), atMs: 0 },
    ]
    const page = pageOf(marks)
    assert.deepEqual(decodePage(page), marks)
    for (let cut = 0; cut < page.length; cut++) assert.ok(decodePage(page.subarray(0, cut)).length <= 1)
    assert.deepEqual(decodePage(Buffer.from('nonsense')), [])
  })

  it('reads of a page that grows only what is new, and all of one that was written over it', () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => ({ key: keyOf(name), atMs: 5 })) as [SeenMark, SeenMark, SeenMark, SeenMark]
    const read = new PagesRead()
    assert.deepEqual(read.news('r0.0', pageOf([])), [])
    assert.deepEqual(read.news('r0.0', pageOf([a])), [a])
    assert.deepEqual(read.news('r0.0', pageOf([a, b, c])), [b, c])
    assert.deepEqual(read.news('r0.0', pageOf([a, b, c])), [])
    assert.deepEqual(read.news('r0.1', pageOf([a, b])), [a, b], 'another page')
    assert.deepEqual(read.news('r0.0', pageOf([d])), [d])
    assert.deepEqual(read.news('r0.0', pageOf([a, b, c, d])), [a, b, c, d])
    assert.deepEqual(read.news('r0.0', Buffer.from('nonsense')), [])
  })

  it('writes on while the bus is slow, a few pages at a time, and answers each mark when its own write is done', async () => {
    const bus = createEmbeddedBus()
    const kv = await bus.kv('seen')
    const open: (() => void)[] = []
    const slow: BusKv = {
      get: (key) => kv.get(key),
      put: (key, value) => new Promise((resolve) => open.push(() => void kv.put(key, value).then(resolve))),
      delete: (key) => kv.delete(key),
      keys: () => kv.keys(),
      watch: (run) => kv.watch(run),
    }
    const due: (() => void)[] = []
    const ledger = new SeenLedger({
      kv: slow,
      replica: 'r0',
      nowMs: () => 1_000,
      after: (delayMs, run) => {
        // the patience with a bus that is away is not what this is about
        if (delayMs < 1_000) due.push(run)
        return () => {}
      },
      log: silentLogger,
    })
    await ledger.start()
    const answered: number[] = []
    const added = Array.from({ length: 6 }, async (_, at) => {
      const done = ledger.add(keyOf(`m${at}`))
      for (const run of due.splice(0)) run()
      await done
      answered.push(at)
    })
    assert.deepEqual([open.length, answered], [4, []])
    open.shift()?.()
    await added[0]
    assert.deepEqual(answered, [0])
    for (const run of due.splice(0)) run()
    assert.equal(open.length, 4, 'both that waited in one write')
    for (const write of open.splice(0)) write()
    await Promise.all(added)
    await ledger.stop()
    await bus.close(0)
  })
})

describe('an event that a network sends again', () => {
  it('to another replica, or after a restart, is not delivered again; what failed is', async () => {
    const bus = createEmbeddedBus()
    const first = await new BridgeRig({ bus }).start()
    const second = await new BridgeRig({ bus, replica: 'r1' }).start(false)
    assert.equal((await first.network.say('bob', alice, 'once', { id: 'n1' })).status, 'delivered')
    // a change of a bucket is told on a later turn
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.equal((await second.network.say('bob', alice, 'once', { id: 'n1' })).status, 'sent', 'another replica')
    assert.equal((await second.network.say('bob', alice, 'another text', { id: 'n1' })).status, 'delivered', 'the id of something else')
    await first.bridge.stop()
    const again = await new BridgeRig({ bus }).start(false)
    assert.equal((await again.network.say('bob', alice, 'once', { id: 'n1' })).status, 'sent', 'after a restart')
    assert.equal(first.inside.length, 2)
    await again.stop()
    await second.stop()
    await bus.close(0)
  })
})
