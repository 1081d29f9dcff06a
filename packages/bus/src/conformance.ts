import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import type { Bus, BusKv, BusMessage, BusReply, BusSubscription } from './bus.ts'
import { busError } from './errors.ts'
import { workCases } from './work-conformance.ts'

/** Two connections to one bus; for the embedded driver both are the same object. */
export interface BusPair {
  readonly here: Bus
  readonly there: Bus
  /** Ends what the driver needs; the buses are closed by then. */
  stop(): Promise<void>
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (data: Uint8Array | undefined): string => new TextDecoder().decode(data)

function ask(bus: Bus, subject: string, text: string, timeoutMs = 2000): Promise<BusReply> {
  return new Promise((resolve) => bus.request(subject, bytes(text), timeoutMs, resolve))
}

/** Waits until a condition that other callbacks bring about holds. */
async function until(isDone: () => boolean): Promise<void> {
  for (let turn = 0; turn < 5000 && !isDone(); turn++) await new Promise((resolve) => setImmediate(resolve))
  const deadline = performance.now() + 5000
  while (!isDone() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.ok(isDone(), 'what was waited for happened')
}

/** Every driver passes this suite; `prefix` keeps runs on a shared server apart. */
export function runBusConformance(name: string, open: () => Promise<BusPair>, prefix: string): void {
  describe(`bus: ${name}`, () => {
    let pair: Promise<BusPair> | undefined
    const buses = (): Promise<BusPair> => (pair ??= open())
    after(async () => {
      if (pair === undefined) return
      const opened = await pair
      await Promise.all([opened.here.close(1000), opened.there.close(1000)])
      await opened.stop()
    })
    requestCases(buses, prefix)
    failureCases(buses, prefix)
    publishCases(buses, prefix)
    bucketCases(buses, prefix)
    workCases(buses, prefix)
  })
}

function requestCases(buses: () => Promise<BusPair>, prefix: string): void {
  test('a request reaches a server and its answer comes back later, once', async () => {
    const { here, there } = await buses()
    const server = await there.serve(`${prefix}.echo`, 'q', (message) => bytes(`${message.subject}:${textOf(message.data)}`))
    let calls = 0
    let isReturned = false
    const reply = await new Promise<BusReply>((resolve) => {
      here.request(`${prefix}.echo`, bytes('hi'), 2000, (answer) => {
        calls++
        assert.ok(isReturned, 'the answer does not come inside the call')
        resolve(answer)
      })
      isReturned = true
    })
    assert.deepEqual(reply.ok && textOf(reply.data), `${prefix}.echo:hi`)
    await server.stop()
    assert.equal(calls, 1)
  })

  test('headers travel with a request', async () => {
    const { here, there } = await buses()
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const server = await there.serve(`${prefix}.headers`, 'q', (message) => bytes(message.headers?.['traceparent'] ?? 'none'))
    const reply = await new Promise<BusReply>((resolve) =>
      here.request(`${prefix}.headers`, bytes(''), 2000, resolve, { traceparent: trace }),
    )
    assert.equal(reply.ok && textOf(reply.data), trace)
    assert.equal(textOf(okData(await ask(here, `${prefix}.headers`, ''))), 'none')
    await server.stop()
  })

  test('trace context travels with requests and what is published, and nothing travels without it', async () => {
    const { here, there } = await buses()
    const one = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const headers = { traceparent: one, 'gatehouse-traceparents': Array.from({ length: 15 }, () => one).join(',') }
    const seen: (BusMessage['headers'] | 'none')[] = []
    const note = (message: BusMessage): void => void seen.push(message.headers === undefined ? 'none' : { ...message.headers })
    const server = await there.serve(`${prefix}.traced`, 'q', (message) => {
      note(message)
      return bytes('')
    })
    const listening = await there.subscribe(`${prefix}.traced-news`, note)
    for (const given of [headers, undefined]) {
      await new Promise<BusReply>((resolve) => here.request(`${prefix}.traced`, bytes(''), 2000, resolve, given))
      here.publish(`${prefix}.traced-news`, bytes(''), given)
    }
    await until(() => seen.length === 4)
    assert.deepEqual(
      seen.filter((each) => each !== 'none'),
      [headers, headers],
    )
    await Promise.all([server.stop(), listening.stop()])
  })

  test('within a queue each request reaches one server, and all servers get some', async () => {
    const { here, there } = await buses()
    const counts = [0, 0]
    const servers: BusSubscription[] = []
    for (const [at, bus] of [here, there].entries()) {
      servers.push(
        await bus.serve(`${prefix}.shared`, 'group', async () => {
          counts[at]! += 1
          return bytes('')
        }),
      )
    }
    const replies = await Promise.all(Array.from({ length: 200 }, () => ask(here, `${prefix}.shared`, '')))
    assert.ok(replies.every((reply) => reply.ok))
    assert.equal(counts[0]! + counts[1]!, 200)
    assert.ok(counts[0]! > 0 && counts[1]! > 0)
    for (const server of servers) await server.stop()
  })

  test('many requests at once are each answered with their own answer', async () => {
    const { here, there } = await buses()
    const server = await there.serve(`${prefix}.many`, 'q', async (message) => {
      await Promise.resolve()
      return message.data.slice()
    })
    const replies = await Promise.all(Array.from({ length: 2000 }, (_, at) => ask(here, `${prefix}.many`, String(at), 10_000)))
    assert.deepEqual(
      replies.map((reply) => textOf(okData(reply))),
      Array.from({ length: 2000 }, (_, at) => String(at)),
    )
    await server.stop()
  })
}

function okData(reply: BusReply): Uint8Array {
  assert.ok(reply.ok, JSON.stringify(reply))
  return reply.data
}

function failureCases(buses: () => Promise<BusPair>, prefix: string): void {
  test('a subject that nobody serves is answered no-responder', async () => {
    const { here } = await buses()
    const reply = await ask(here, `${prefix}.nobody`, '')
    assert.equal(reply.ok ? 'ok' : reply.why, 'no-responder')
  })

  test('a server that does not answer is a timeout; its late answer is dropped', async () => {
    const { here, there } = await buses()
    let answer: (data: Uint8Array) => void = () => {}
    const server = await there.serve(`${prefix}.slow`, 'q', () => new Promise((resolve) => (answer = resolve)))
    let calls = 0
    const startedMs = performance.now()
    const reply = await new Promise<BusReply>((resolve) =>
      here.request(`${prefix}.slow`, bytes(''), 60, (given) => {
        calls++
        resolve(given)
      }),
    )
    assert.equal(reply.ok ? 'ok' : reply.why, 'timeout')
    assert.ok(performance.now() - startedMs >= 59, 'not before its time')
    answer(bytes('late'))
    await server.stop()
    assert.equal((await ask(here, `${prefix}.nobody`, '')).ok, false)
    assert.equal(calls, 1)
  })

  test('a handler that throws answers refused with the code, thrown or rejected', async () => {
    const { here, there } = await buses()
    const server = await there.serve(`${prefix}.throws`, 'q', (message) => {
      if (textOf(message.data) === 'later') return Promise.reject(busError('GH-BUS-BUSY'))
      throw new Error('broken')
    })
    const later = await ask(here, `${prefix}.throws`, 'later')
    assert.deepEqual(later, { ok: false, why: 'refused', detail: 'GH-BUS-BUSY' })
    const now = await ask(here, `${prefix}.throws`, 'now')
    assert.deepEqual(now, { ok: false, why: 'refused', detail: 'GH-BUS-HANDLER broken' })
    await server.stop()
  })

  test('a message over the limit is refused at once and not sent', async () => {
    const { here } = await buses()
    const tooLarge = new Uint8Array(here.maxPayloadBytes + 1)
    const reply = await new Promise<BusReply>((resolve) => here.request(`${prefix}.nobody`, tooLarge, 2000, resolve))
    assert.deepEqual(reply.ok ? 'ok' : [reply.why, reply.detail.split(' ')[0]], ['refused', 'GH-BUS-TOO-LARGE'])
    assert.equal(here.publish(`${prefix}.nobody`, tooLarge), false)
  })

  test('malformed subjects are refused, malformed patterns throw', async () => {
    const { here } = await buses()
    for (const subject of ['', 'a..b', 'a b', 'a.*', 'a.>', 'a.b\r\nPUB x']) {
      const reply = await ask(here, subject, '')
      assert.deepEqual(reply.ok ? 'ok' : [reply.why, reply.detail.split(' ')[0]], ['refused', 'GH-BUS-SUBJECT'], subject)
      assert.equal(here.publish(subject, bytes('')), false)
    }
    for (const pattern of ['', 'a..b', 'a.>.b', 'a b']) {
      await assert.rejects(
        here.subscribe(pattern, () => {}),
        { code: 'GH-BUS-SUBJECT' },
      )
      await assert.rejects(
        here.serve(pattern, 'q', (message) => message.data),
        { code: 'GH-BUS-SUBJECT' },
      )
    }
  })

  test('a stopped server gets nothing more; stopping waits for the running call', async () => {
    const { here, there } = await buses()
    let finish: (data: Uint8Array) => void = () => {}
    let isRunning = false
    const server = await there.serve(`${prefix}.stopping`, 'q', () => {
      isRunning = true
      return new Promise((resolve) => (finish = resolve))
    })
    const reply = ask(here, `${prefix}.stopping`, '')
    await until(() => isRunning)
    let isStopped = false
    const stopped = server.stop().then(() => (isStopped = true))
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(isStopped, false)
    finish(bytes('done'))
    await stopped
    assert.equal(textOf(okData(await reply)), 'done')
    const next = await ask(here, `${prefix}.stopping`, '')
    assert.equal(next.ok ? 'ok' : next.why, 'no-responder')
  })

  test('requests that come while a server of the queue stops are all answered', async () => {
    const { here, there } = await buses()
    const staying = await here.serve(`${prefix}.leaving`, 'q', () => bytes('stays'))
    const leaving = await there.serve(`${prefix}.leaving`, 'q', () => bytes('leaves'))
    const replies: Promise<BusReply>[] = []
    let isStopped = false
    const stopped = leaving.stop().then(() => (isStopped = true))
    while (!isStopped) {
      for (let each = 0; each < 10; each++) replies.push(ask(here, `${prefix}.leaving`, ''))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await stopped
    for (const reply of await Promise.all(replies)) assert.ok(reply.ok, JSON.stringify(reply))
    await staying.stop()
  })
}

function publishCases(buses: () => Promise<BusPair>, prefix: string): void {
  test('published messages reach every subscriber of a matching pattern, in order', async () => {
    const { here, there } = await buses()
    const all: string[] = []
    const one: string[] = []
    const other: string[] = []
    const subscriptions = [
      await there.subscribe(`${prefix}.news.>`, (message) => all.push(`${message.subject}=${textOf(message.data)}`)),
      await there.subscribe(`${prefix}.news.*.sport`, (message) => one.push(textOf(message.data))),
      await there.subscribe(`${prefix}.news`, (message) => other.push(textOf(message.data))),
    ]
    for (let at = 0; at < 100; at++) assert.equal(here.publish(`${prefix}.news.x${at % 2 === 0 ? '.sport' : ''}`, bytes(String(at))), true)
    await until(() => all.length === 100)
    assert.deepEqual(
      all.map((line) => line.split('=')[1]),
      Array.from({ length: 100 }, (_, at) => String(at)),
    )
    assert.equal(one.length, 50)
    assert.deepEqual(other, [])
    for (const subscription of subscriptions) await subscription.stop()
    here.publish(`${prefix}.news.x`, bytes('after'))
    await ask(here, `${prefix}.nobody`, '')
    assert.equal(all.length, 100)
  })

  test('handlers never run inside the call that caused them', async () => {
    const { here } = await buses()
    let depth = 0
    let deepest = 0
    let left = 20
    const subscription = await here.subscribe(`${prefix}.chain`, () => {
      depth++
      deepest = Math.max(deepest, depth)
      if (--left > 0) here.publish(`${prefix}.chain`, bytes(''))
      depth--
    })
    here.publish(`${prefix}.chain`, bytes(''))
    assert.equal(left, 20)
    await until(() => left === 0)
    assert.equal(deepest, 1)
    await subscription.stop()
  })
}

function bucketCases(buses: () => Promise<BusPair>, prefix: string): void {
  const open = async (word: string): Promise<{ mine: BusKv; theirs: BusKv }> => {
    const { here, there } = await buses()
    const bucket = `${prefix.replaceAll('.', '-')}-${word}`
    return { mine: await here.kv(bucket), theirs: await there.kv(bucket) }
  }

  test('a bucket keeps values; revisions rise and guard writes', async () => {
    const { mine, theirs } = await open('guard')
    assert.equal(await mine.get('a'), undefined)
    const first = await mine.put('a', bytes('1'), 0)
    assert.ok(first !== undefined && first > 0)
    assert.equal(await theirs.put('a', bytes('x'), 0), undefined, 'it exists by now')
    const second = await theirs.put('a', bytes('2'), first)
    assert.ok(second !== undefined && second > first)
    assert.equal(await mine.put('a', bytes('x'), first), undefined, 'somebody else wrote')
    const third = await mine.put('a', bytes('3'))
    const entry = await theirs.get('a')
    assert.deepEqual([entry?.key, textOf(entry?.value), entry?.revision], ['a', '3', third])
  })

  test('a deleted key is gone and can be made anew', async () => {
    const { mine, theirs } = await open('delete')
    await mine.put('gone', bytes('1'))
    await mine.put('stays.here', bytes('1'))
    await mine.delete('gone')
    assert.equal(await theirs.get('gone'), undefined)
    assert.deepEqual(await theirs.keys(), ['stays.here'])
    assert.ok((await theirs.put('gone', bytes('2'), 0)) !== undefined)
    assert.deepEqual([...(await mine.keys())].sort(), ['gone', 'stays.here'])
  })

  test('a watcher sees what is there, then every change, in order', async () => {
    const { mine, theirs } = await open('watch')
    await mine.put('a', bytes('a1'))
    await mine.put('b', bytes('b1'))
    await mine.put('a', bytes('a2'))
    const seen: string[] = []
    const revisions: number[] = []
    const watch = await theirs.watch((key, value, revision) => {
      seen.push(`${key}=${value === undefined ? 'deleted' : textOf(value)}`)
      revisions.push(revision)
    })
    await until(() => seen.length === 2)
    await mine.put('c', bytes('c1'))
    await mine.delete('b')
    await until(() => seen.length === 4)
    assert.deepEqual(seen, ['b=b1', 'a=a2', 'c=c1', 'b=deleted'])
    assert.deepEqual(
      revisions,
      [...revisions].sort((a, b) => a - b),
    )
    await watch.stop()
    await mine.put('d', bytes('d1'))
    assert.equal(textOf((await theirs.get('d'))?.value), 'd1')
    assert.equal(seen.length, 4)
  })

  test('a watcher of an empty bucket hears of the first write', async () => {
    const { mine, theirs } = await open('empty')
    const seen: string[] = []
    const watch = await theirs.watch((key) => seen.push(key))
    await mine.put('first', bytes(''))
    await until(() => seen.length === 1)
    assert.deepEqual(seen, ['first'])
    await watch.stop()
  })

  test('malformed keys and buckets are refused', async () => {
    const { here } = await buses()
    const { mine } = await open('names')
    for (const key of ['', 'a b', 'a..b', '.a', 'a.', 'a@b', 'ä', '*', '>']) {
      await assert.rejects(mine.get(key), { code: 'GH-BUS-KEY' }, key)
      await assert.rejects(mine.put(key, bytes('')), { code: 'GH-BUS-KEY' }, key)
    }
    for (const bucket of ['', 'a.b', 'a b', '*']) await assert.rejects(here.kv(bucket), { code: 'GH-BUS-KEY' }, bucket)
  })
}
