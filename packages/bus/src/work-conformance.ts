import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bus } from './bus.ts'
import type { NewWork, PulledWork, PutOutcome, WorkQueue } from './work-queue.ts'

const LONG_MS = 60_000
const SHORT_MS = 60

export interface WorkPair {
  readonly here: Bus
  readonly there: Bus
}

interface Queues {
  readonly mine: WorkQueue
  readonly theirs: WorkQueue
}

let ids = 0

function piece(lane: string, key: string, text = ''): NewWork {
  return { id: `id-${process.pid}-${ids++}`, lane, key, data: new TextEncoder().encode(text) }
}

function put(queue: WorkQueue, work: NewWork): Promise<PutOutcome> {
  return new Promise((resolve) => queue.put(work, resolve))
}

async function putAll(queue: WorkQueue, works: readonly NewWork[]): Promise<void> {
  for (const outcome of await Promise.all(works.map((work) => put(queue, work))))
    assert.deepEqual(outcome, { ok: true, isDuplicate: false })
}

const textsOf = (works: readonly { readonly data: Uint8Array }[]): string[] => works.map(({ data }) => new TextDecoder().decode(data))

/** Pulls until there is something. */
async function pullSome(queue: WorkQueue, lane: string, visibilityMs = LONG_MS): Promise<readonly PulledWork[]> {
  const deadlineMs = performance.now() + 10_000
  while (performance.now() < deadlineMs) {
    const pulled = await queue.pull(lane, 100, visibilityMs)
    if (pulled.length > 0) return pulled
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.fail(`nothing to pull in ${lane}`)
}

/** What every driver's work queues do. */
export function workCases(buses: () => Promise<WorkPair>, prefix: string): void {
  const open = async (word: string): Promise<Queues> => {
    const { here, there } = await buses()
    const name = `${prefix.replaceAll('.', '-')}-${word}`
    return { mine: await here.workQueue(name), theirs: await there.workQueue(name) }
  }
  doingCases(open)
  waitingCases(open)
  showingCases(open)
}

function doingCases(open: (word: string) => Promise<Queues>): void {
  test('work that was put is pulled by anyone, once, and is gone when it is done', async () => {
    const { mine, theirs } = await open('once')
    let isReturned = false
    await new Promise<void>((resolve) => {
      mine.put(piece('to bob@fabrikam.example', 'key'), (outcome) => {
        assert.ok(isReturned, 'the outcome does not come inside the call')
        assert.deepEqual(outcome, { ok: true, isDuplicate: false })
        resolve()
      })
      isReturned = true
    })
    const [work] = await theirs.pull('to bob@fabrikam.example', 10, LONG_MS)
    assert.deepEqual([work?.lane, work?.key, work?.attempts, work?.isInterrupted], ['to bob@fabrikam.example', 'key', 1, false])
    assert.deepEqual(await mine.pull('to bob@fabrikam.example', 10, LONG_MS), [])
    assert.equal(await theirs.ack(work!), true)
    assert.equal(await theirs.ack(work!), true)
    assert.deepEqual(await theirs.pull('to bob@fabrikam.example', 10, LONG_MS), [])
    assert.deepEqual(await mine.lanes(), [])
  })

  test('an id is taken once, also after its work was done', async () => {
    const { mine, theirs } = await open('ids')
    const work = piece('lane', 'key', 'first')
    await putAll(mine, [work])
    assert.deepEqual(await put(theirs, { ...work, data: new Uint8Array(1) }), { ok: true, isDuplicate: true })
    const [pulled] = await mine.pull('lane', 10, LONG_MS)
    assert.deepEqual(textsOf([pulled!]), ['first'])
    await mine.ack(pulled!)
    assert.deepEqual(await put(mine, work), { ok: true, isDuplicate: true })
    assert.deepEqual(await mine.pull('lane', 10, LONG_MS), [])
  })

  test('of one key only the first can be pulled; keys do not wait for each other, nor lanes', async () => {
    const { mine } = await open('order')
    await putAll(mine, [piece('lane', 'a', 'a1'), piece('lane', 'b', 'b1'), piece('lane', 'a', 'a2'), piece('other', 'a', 'x1')])
    const first = await mine.pull('lane', 10, LONG_MS)
    assert.deepEqual(textsOf(first), ['a1', 'b1'])
    assert.deepEqual(await mine.pull('lane', 10, LONG_MS), [])
    assert.equal(await mine.ack(first[1]!), true, 'nothing more of b')
    assert.deepEqual(await mine.pull('lane', 10, LONG_MS), [], 'a1 is not done')
    assert.equal(await mine.ack(first[0]!), false, 'a2 waits')
    assert.deepEqual(textsOf(await mine.pull('lane', 10, LONG_MS)), ['a2'])
    assert.deepEqual(textsOf(await mine.pull('other', 10, LONG_MS)), ['x1'])
  })

  test('much at once keeps its order', async () => {
    const { mine } = await open('much')
    await putAll(
      mine,
      Array.from({ length: 300 }, (_, at) => piece('lane', `k${at % 3}`, String(at))),
    )
    const seen: number[] = []
    for (let pulled = await mine.pull('lane', 10, LONG_MS); pulled.length > 0; pulled = await mine.pull('lane', 10, LONG_MS)) {
      seen.push(...textsOf(pulled).map(Number))
      await Promise.all(pulled.map((work) => mine.ack(work)))
    }
    assert.equal(new Set(seen).size, 300)
    for (const key of [0, 1, 2]) {
      const ofKey = seen.filter((number) => number % 3 === key)
      assert.deepEqual(
        ofKey,
        ofKey.toSorted((a, b) => a - b),
      )
    }
  })

  test('two replicas that pull at the same time never get the same', async () => {
    const { mine, theirs } = await open('race')
    await putAll(
      mine,
      Array.from({ length: 30 }, (_, at) => piece('lane', `k${at}`, String(at))),
    )
    const pulls = await Promise.all(Array.from({ length: 10 }, (_, at) => (at % 2 === 0 ? mine : theirs).pull('lane', 3, LONG_MS)))
    const texts = textsOf(pulls.flat())
    assert.ok(texts.length > 0)
    assert.equal(new Set(texts).size, texts.length)
  })
}

function waitingCases(open: (word: string) => Promise<Queues>): void {
  test('what is given back waits its time, counted, and is not called interrupted', async () => {
    const { mine } = await open('retry')
    await putAll(mine, [piece('lane', 'a', 'a1'), piece('lane', 'a', 'a2')])
    const [work] = await mine.pull('lane', 10, LONG_MS)
    const startedMs = Date.now()
    await mine.retry(work!, SHORT_MS + 0.5)
    assert.deepEqual(await mine.pull('lane', 10, LONG_MS), [], 'a2 does not overtake it')
    const [again] = await pullSome(mine, 'lane')
    assert.ok(Date.now() - startedMs >= SHORT_MS)
    assert.deepEqual([textsOf([again!]), again?.attempts, again?.isInterrupted], [['a1'], 2, false])
  })

  test('what was given back for long can be woken', async () => {
    const { mine, theirs } = await open('wake')
    await putAll(mine, [piece('lane', 'a', 'a1')])
    const [work] = await mine.pull('lane', 10, LONG_MS)
    await mine.retry(work!, LONG_MS)
    await theirs.wake('lane')
    assert.deepEqual(textsOf(await pullSome(mine, 'lane')), ['a1'])
  })

  test('what is in hand while somebody wakes the lane can still be given back', async () => {
    const { mine, theirs } = await open('woken')
    await putAll(mine, [piece('lane', 'a', 'a1')])
    const [work] = await mine.pull('lane', 10, LONG_MS)
    await theirs.wake('lane')
    await mine.retry(work!, 0)
    const [again] = await pullSome(mine, 'lane')
    assert.deepEqual([textsOf([again!]), again?.attempts, again?.isInterrupted], [['a1'], 2, false])
  })

  test('who does not answer in time loses it, and the next one is told so', async () => {
    const { mine, theirs } = await open('silent')
    await putAll(mine, [piece('lane', 'a', 'a1')])
    const [work] = await mine.pull('lane', 10, SHORT_MS)
    const [again] = await pullSome(theirs, 'lane')
    assert.deepEqual([again?.id, again?.attempts, again?.isInterrupted], [work?.id, 2, true])
    assert.deepEqual(await mine.pull('lane', 10, LONG_MS), [])
  })
}

function showingCases(open: (word: string) => Promise<Queues>): void {
  test('lanes are counted, with the age of their oldest work, and can be looked through', async () => {
    const { mine, theirs } = await open('lanes')
    const startedMs = Date.now()
    await putAll(mine, [piece('one', 'a', '1'), piece('one', 'b', '2'), piece('two', 'a', '3'), piece('one', 'a', '4')])
    const lanes = await theirs.lanes()
    assert.deepEqual(
      lanes.map(({ lane, count }) => [lane, count]),
      [
        ['one', 3],
        ['two', 1],
      ],
    )
    assert.ok(lanes.every(({ oldestPutAtMs }) => oldestPutAtMs >= startedMs - 1 && oldestPutAtMs <= Date.now() + 1))
    await mine.pull('one', 1, LONG_MS)
    const page = await theirs.list('one', 0, 2)
    assert.deepEqual(
      [textsOf(page), page.map(({ attempts }) => attempts)],
      [
        ['1', '2'],
        [1, 0],
      ],
    )
    assert.deepEqual(textsOf(await theirs.list('one', page[1]!.position, 10)), ['4'])
  })

  test('every replica hears of what is put', async () => {
    const { mine, theirs } = await open('news')
    const heard: string[] = []
    const listening = await theirs.onPut((lane, key) => heard.push(`${lane}/${key}`))
    await putAll(mine, [piece('läne', 'k y')])
    for (let turn = 0; turn < 1000 && heard.length === 0; turn++) await new Promise((resolve) => setTimeout(resolve, 2))
    assert.deepEqual(heard, ['läne/k y'])
    await listening.stop()
  })
}
