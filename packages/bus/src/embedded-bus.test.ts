import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BusReply } from './bus.ts'
import { runBusConformance } from './conformance.ts'
import { createEmbeddedBus } from './embedded-bus.ts'
import { openWorkFile } from './work-file.ts'

runBusConformance(
  'embedded',
  async () => {
    const file = openWorkFile(':memory:')
    const bus = createEmbeddedBus({ work: file })
    return { here: bus, there: bus, stop: async () => file.close() }
  },
  'test',
)

const empty = new Uint8Array()

test('requests beyond the bound are refused at once', async () => {
  const bus = createEmbeddedBus({ maxPending: 2 })
  await bus.serve('s', 'q', () => new Promise(() => {}))
  const replies: BusReply[] = []
  for (let at = 0; at < 3; at++) bus.request('s', empty, 60_000, (reply) => replies.push(reply))
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(replies, [{ ok: false, why: 'refused', detail: 'GH-BUS-BUSY' }])
  await bus.close(0)
  assert.deepEqual(
    replies.map((reply) => (reply.ok ? 'ok' : reply.why)),
    ['refused', 'closed', 'closed'],
  )
})

test('closing lets running requests finish, then refuses new ones', async () => {
  const bus = createEmbeddedBus()
  let finish: (data: Uint8Array) => void = () => {}
  await bus.serve('s', 'q', () => new Promise((resolve) => (finish = resolve)))
  const states: boolean[] = []
  bus.onStatus((status) => states.push(status.isConnected))
  const first = new Promise<BusReply>((resolve) => bus.request('s', empty, 60_000, resolve))
  await new Promise((resolve) => setImmediate(resolve))
  const closed = bus.close(10_000)
  finish(empty)
  assert.equal((await first).ok, true)
  await closed
  const second = await new Promise<BusReply>((resolve) => bus.request('s', empty, 60_000, resolve))
  assert.equal(second.ok ? 'ok' : second.why, 'closed')
  assert.equal(bus.publish('s', empty), false)
  await assert.rejects(bus.kv('b'), { code: 'GH-BUS-CLOSED' })
  assert.deepEqual(states, [false])
})

test('two handlers that call each other leave room for I/O', async () => {
  const bus = createEmbeddedBus()
  let rounds = 0
  let isStopped = false
  for (const [name, other] of [
    ['ping', 'pong'],
    ['pong', 'ping'],
  ] as const) {
    await bus.subscribe(name, () => {
      rounds++
      if (!isStopped) bus.publish(other, empty)
    })
  }
  bus.publish('ping', empty)
  // timers get their turn, and so do the two
  do await new Promise((resolve) => setTimeout(resolve, 1))
  while (rounds <= 2)
  isStopped = true
})

test('a request makes no timer of its own', async () => {
  let timers = 0
  const bus = createEmbeddedBus({
    setTimer: (run, delayMs) => {
      timers++
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
  })
  await bus.serve('s', 'q', (message) => message.data)
  let answered = 0
  await new Promise<void>((resolve) => {
    for (let at = 0; at < 1000; at++) {
      bus.request('s', empty, 1000, () => {
        if (++answered === 1000) resolve()
      })
    }
  })
  assert.equal(timers, 1)
  await bus.close(0)
})
