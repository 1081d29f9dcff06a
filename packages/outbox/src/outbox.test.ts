import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { type Bus, createEmbeddedBus, openWorkFile, type WorkFile } from '@gatehouse/bus'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import { MetricsRegistry, silentLogger } from '@gatehouse/telemetry'
import type { Outbox, OutboxTaken } from './outbox.ts'
import { encodeItem, type OutboxItem } from './outbox-item.ts'
import type { OutboxOptions } from './outbox-options.ts'
import type { Attempt, OutboxEnd, OutboxPort } from './outbox-port.ts'
import { Outboxes } from './outboxes.ts'

const started: (() => Promise<void>)[] = []
after(async () => {
  for (const stop of started.reverse()) await stop()
})

const QUICK: Partial<OutboxOptions> = { backOffBaseMs: 4, backOffCapMs: 16, lookMs: 5 }
const outcome = (fields: Partial<DeliveryOutcome>): DeliveryOutcome => ({
  status: 'delivered',
  code: '',
  detail: '',
  isCertain: true,
  retry: 'never',
  sipStatus: 200,
  remoteId: '',
  ...fields,
})
const delivered: Attempt = { outcome: outcome({}), holdsUp: 'nothing' }
const away: Attempt = { outcome: outcome({ status: 'failed', code: 'AWAY', sipStatus: 504 }), holdsUp: 'destination' }
const unsure: Attempt = { outcome: outcome({ status: 'failed', code: 'SILENT', isCertain: false, sipStatus: 504 }), holdsUp: 'destination' }
const refused: Attempt = { outcome: outcome({ status: 'failed', code: 'NO', sipStatus: 403 }), holdsUp: 'nothing' }
const busy: Attempt = { outcome: outcome({ status: 'failed', code: 'BUSY', sipStatus: 503 }), holdsUp: 'conversation' }

/** A port whose far side does as the test says. */
class FakePort implements OutboxPort {
  readonly name = 'test'
  readonly attempts: string[] = []
  readonly ends: string[] = []
  /** Most attempts that ran at the same time. */
  most = 0
  #running = 0
  answer: (item: OutboxItem) => Attempt | Promise<Attempt> = () => delivered
  onEnded: (item: OutboxItem, end: OutboxEnd) => void = () => undefined

  async deliver(item: OutboxItem): Promise<Attempt> {
    this.attempts.push(item.id)
    this.most = Math.max(this.most, ++this.#running)
    try {
      return await this.answer(item)
    } finally {
      this.#running--
    }
  }

  async ended(item: OutboxItem, end: OutboxEnd): Promise<void> {
    this.onEnded(item, end)
    this.ends.push(`${item.id} ${end.result} ${end.code}`)
  }
}

interface Rig {
  readonly bus: Bus
  readonly file: WorkFile
  readonly port: FakePort
  readonly outbox: Outbox
  stop(): Promise<void>
}

async function rig(options: Partial<OutboxOptions> = {}, port = new FakePort(), file = openWorkFile(':memory:')): Promise<Rig> {
  const bus = createEmbeddedBus({ work: file })
  const outboxes = new Outboxes({ bus, metrics: new MetricsRegistry(), log: silentLogger, options: { ...QUICK, ...options } })
  const outbox = await outboxes.open(port)
  await outbox.start()
  const stop = async (): Promise<void> => {
    outboxes.close()
    await outbox.stop()
    await bus.close(0)
  }
  started.push(stop)
  return { bus, file, port, outbox, stop }
}

let ids = 0

function item(conversation: string, fields: Partial<OutboxItem> = {}): OutboxItem {
  return {
    id: `${conversation}${ids++}`,
    destination: 'fabrikam',
    conversation,
    from: 'alice@contoso.example',
    to: 'bob@fabrikam.example',
    acceptedAtMs: Date.now(),
    expiresAtMs: Date.now() + 60_000,
    uncertain: 'fail',
    payload: new Uint8Array([1, 2, 3]),
    ...fields,
  }
}

const put = (outbox: Outbox, one: OutboxItem): Promise<OutboxTaken> => new Promise((resolve) => outbox.put(one, resolve))

async function until(isDone: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + 5_000
  while (!isDone() && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 1))
  assert.ok(isDone(), what)
}

describe('delivering', () => {
  test('what was taken is delivered when the destination is back, in order within each conversation', async () => {
    const { outbox, port } = await rig()
    let isAway = true
    port.answer = () => (isAway ? away : delivered)
    const items = Array.from({ length: 30 }, (_, at) => item(`c${at % 3}`))
    for (const one of items) assert.deepEqual(await put(outbox, one), { ok: true })
    await until(() => port.attempts.length > 3, 'it tries again')
    assert.deepEqual([port.most, new Set(port.attempts).size], [1, 1], 'one probe, always the first message')
    assert.equal(outbox.isWaiting('fabrikam', 'c1'), true)
    isAway = false
    await until(() => port.ends.length === 30, 'all delivered')
    for (const key of ['c0', 'c1', 'c2']) {
      const wanted = items.filter(({ conversation }) => conversation === key).map(({ id }) => `${id} delivered GH-OUTBOX-DELIVERED`)
      assert.deepEqual(
        port.ends.filter((end) => end.startsWith(key)),
        wanted,
      )
    }
    await until(() => outbox.depth().messages === 0, 'nothing waits')
    assert.equal(outbox.isWaiting('fabrikam', 'c1'), false)
    assert.ok(port.most > 1, 'conversations do not wait for each other')
  })

  test('a destination that returns is not run over', async () => {
    const { outbox, port } = await rig({ maxAttempts: 8 })
    const free: (() => void)[] = []
    port.answer = () => new Promise((resolve) => free.push(() => resolve(delivered)))
    for (let at = 0; at < 40; at++) await put(outbox, item(`k${at}-`))
    const widths: number[] = []
    while (port.ends.length < 40) {
      await until(() => free.length > 0, 'an attempt')
      await new Promise((resolve) => setTimeout(resolve, 5))
      widths.push(free.length)
      for (const release of free.splice(0)) release()
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal(widths[0], 1)
    assert.ok(widths[1]! <= 2 && Math.max(...widths) <= 8, widths.join())
  })

  test('one message that has to wait holds up its conversation and nothing else; one that is refused nothing', async () => {
    const { outbox, port } = await rig()
    let busyLeft = 3
    port.answer = ({ conversation }) => {
      if (conversation === 'slow' && busyLeft-- > 0) return busy
      return conversation === 'bad' ? refused : delivered
    }
    const items = ['slow', 'slow', 'bad', 'bad', 'good'].map((key) => item(key))
    for (const one of items) await put(outbox, one)
    await until(() => port.ends.length === 5, 'all ended')
    assert.deepEqual(
      port.ends.filter((end) => end.startsWith('slow')),
      [`${items[0]!.id} delivered GH-OUTBOX-DELIVERED`, `${items[1]!.id} delivered GH-OUTBOX-DELIVERED`],
    )
    assert.deepEqual(
      port.ends.filter((end) => end.startsWith('bad')),
      [`${items[2]!.id} failed NO`, `${items[3]!.id} failed NO`],
    )
  })

  test('after an attempt that may have arrived: given up, or tried again where policy says so', async () => {
    const { outbox, port } = await rig()
    let unsureLeft = 2
    port.answer = () => (unsureLeft-- > 0 ? unsure : delivered)
    const [given, repeated] = [item('a'), item('b', { uncertain: 'retry' })]
    await put(outbox, given)
    await until(() => port.ends.length === 1, 'given up')
    assert.deepEqual(port.ends, [`${given.id} failed GH-OUTBOX-UNCERTAIN`])
    await put(outbox, repeated)
    await until(() => port.ends.length === 2, 'repeated')
    assert.deepEqual(
      [port.ends[1], port.attempts.filter((id) => id === repeated.id).length],
      [`${repeated.id} delivered GH-OUTBOX-DELIVERED`, 2],
    )
  })
})

describe('not delivering', () => {
  test('what is too old is given up while the destination is away, without an attempt', async () => {
    const { outbox, port } = await rig({ backOffBaseMs: 5_000, backOffCapMs: 5_000 })
    port.answer = () => away
    const [probe, old] = [item('a'), item('b', { expiresAtMs: Date.now() + 60 })]
    await put(outbox, probe)
    await until(() => port.attempts.length === 1, 'a probe')
    await put(outbox, old)
    await until(() => port.ends.length === 1, 'expired')
    assert.deepEqual(port.ends, [`${old.id} expired GH-OUTBOX-EXPIRED`])
    assert.deepEqual(port.attempts, [probe.id])
    assert.ok(Date.now() >= old.expiresAtMs)
  })

  test('what may have arrived and then grows too old is not called undelivered', async () => {
    const { outbox, port } = await rig()
    port.answer = () => (port.attempts.length === 1 ? unsure : away)
    const certainty: boolean[] = []
    port.onEnded = (_, { isCertain }) => void certainty.push(isCertain)
    await put(outbox, item('a', { uncertain: 'retry', expiresAtMs: Date.now() + 60 }))
    await until(() => port.ends.length === 1, 'expired')
    assert.match(port.ends[0] ?? '', /expired GH-OUTBOX-EXPIRED$/)
    assert.deepEqual(certainty, [false])
  })

  test('a destination takes so many and no more', async () => {
    const { outbox, port } = await rig({ maxPerDestination: 2 })
    port.answer = () => away
    const taken = await Promise.all([1, 2, 3].map(() => put(outbox, item('a'))))
    assert.deepEqual(
      taken.map((result) => (result.ok ? 'ok' : [result.code, result.sipStatus, result.isCertain])),
      ['ok', 'ok', ['GH-OUTBOX-FULL', 503, true]],
    )
    assert.deepEqual(await put(outbox, item('a', { destination: 'other' })), { ok: true })
  })

  test('an operator looks, has it tried at once, or takes it out', async () => {
    const { outbox, port } = await rig({ backOffBaseMs: 60_000, backOffCapMs: 60_000 })
    port.answer = () => away
    const items = [item('a'), item('b'), item('a')]
    for (const one of items) await put(outbox, one)
    await until(() => outbox.isWaiting('fabrikam', 'a') && port.attempts.length === 1, 'a probe')
    await new Promise((resolve) => setTimeout(resolve, 5))
    const [state] = await outbox.destinations()
    assert.deepEqual([state?.destination, state?.waiting, state?.state, state?.failures], ['fabrikam', 3, 'away', 1])
    assert.deepEqual(
      (await outbox.messages('fabrikam', 10)).map(({ id, attempts }) => [id, attempts]),
      items.map(({ id }, at) => [id, at === 0 ? 1 : 0]),
    )
    assert.deepEqual(await outbox.drop('fabrikam', [items[2]!.id]), { dropped: 1, busy: 0 })
    port.answer = () => delivered
    assert.deepEqual(await outbox.retry(''), ['fabrikam'])
    await until(() => port.ends.length === 3, 'the rest is delivered')
    assert.equal(port.ends[0], `${items[2]!.id} dropped GH-OUTBOX-DROPPED`)
    assert.deepEqual(await outbox.destinations(), [])
  })
})

describe('faults', () => {
  test('a process that died during an attempt: the next one does not repeat it, and keeps the order', async () => {
    const file = openWorkFile(':memory:')
    const items = [item('a'), item('a'), item('b', { uncertain: 'retry' })]
    const works = items.map((one) => ({ id: one.id, lane: 'fabrikam', key: one.conversation, data: encodeItem(one) }))
    file.put('test', works, Date.now())
    assert.equal(file.pull('test', 'fabrikam', 10, Date.now(), 0).length, 2, 'both conversations were at it when it died')
    const second = await rig({}, new FakePort(), file)
    assert.equal(second.outbox.isWaiting('fabrikam', 'a'), true, 'known before anything is sent past it')
    await until(() => second.port.ends.length === 3, 'all ended')
    assert.deepEqual(second.port.ends.filter((end) => end.startsWith('a'))[0], `${items[0]!.id} failed GH-OUTBOX-UNCERTAIN`)
    assert.deepEqual(second.port.attempts.toSorted(), [items[1]!.id, items[2]!.id])
  })

  test('when the end cannot be put on record it is tried again, and the message is not delivered twice', async () => {
    const { outbox, port } = await rig()
    let failures = 1
    port.onEnded = () => {
      if (failures-- > 0) throw new Error('the archive is away')
    }
    const one = item('a')
    await put(outbox, one)
    await until(() => port.ends.length === 1, 'ended')
    assert.deepEqual(port.attempts, [one.id])
  })

  test('what cannot be read stays, is shown, and can be taken out', async () => {
    const { bus, outbox, port } = await rig()
    const queue = await bus.workQueue('test')
    await new Promise((resolve) => queue.put({ id: 'x', lane: 'fabrikam', key: 'z', data: new Uint8Array([255, 255]) }, resolve))
    await put(outbox, item('a'))
    await until(() => port.ends.length === 1, 'the other one is delivered')
    const [listed] = await outbox.messages('fabrikam', 10)
    assert.deepEqual([listed?.id, listed?.from], ['x', ''])
    await until(() => listed !== undefined, 'listed')
    assert.equal((await outbox.drop('fabrikam', ['x'])).dropped, 1)
    assert.deepEqual(await outbox.messages('fabrikam', 10), [])
  })

  test('what the store refuses is refused, with its reason', async () => {
    const file = openWorkFile(':memory:')
    const { outbox } = await rig({}, new FakePort(), file)
    file.close()
    const taken = await put(outbox, item('a'))
    assert.deepEqual(taken.ok ? 'ok' : [taken.code, taken.sipStatus, taken.isCertain], ['GH-OUTBOX-AWAY', 503, true])
    assert.equal(outbox.isWaiting('fabrikam', 'a'), false)
  })
})
