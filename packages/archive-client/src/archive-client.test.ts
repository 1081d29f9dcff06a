import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import type { Bus, BusHeaders, BusReply } from '@gatehouse/bus'
import { AppendReplySchema, AppendRequestSchema, ArchiveRecordSchema } from '@gatehouse/proto'
import { batchTracesOf } from '@gatehouse/telemetry'
import type { AppendOutcome } from './append-outcome.ts'
import { ArchiveClient, type ArchiveClientOptions } from './archive-client.ts'

interface Asked {
  readonly records: readonly string[]
  readonly headers: BusHeaders | undefined
  readonly answer: (reply: BusReply) => void
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A record of this test: its text, or the statuses of the outcomes that it tells of. */
function textOf(data: Uint8Array): string {
  if (data[0] !== OUTCOMES_TAG) return new TextDecoder().decode(data)
  const { content } = fromBinary(ArchiveRecordSchema, data)
  return content.case === 'outcomes' ? `${content.value.afterUs.length}x${content.value.status}` : 'no outcomes'
}

/** An `ArchiveRecord` with `Outcomes` begins with it: field 4, length-delimited. */
const OUTCOMES_TAG = 0x22

/** Requests wait for the test's answer; turns and timers happen when the test says so. */
class Rig {
  readonly asked: Asked[] = []
  readonly outcomes: string[] = []
  turns: (() => void)[] = []
  timers: { run: () => void; delayMs: number }[] = []
  sequence = 0
  readonly client: ArchiveClient

  constructor(options: Partial<ArchiveClientOptions> = {}, maxPayloadBytes = 1000) {
    const request: Bus['request'] = (_subject, data, _timeoutMs, onReply, headers) => {
      this.asked.push({ records: fromBinary(AppendRequestSchema, data).records.map(textOf), headers, answer: onReply })
    }
    this.client = new ArchiveClient(
      {
        bus: { request, maxPayloadBytes } as Bus,
        defer: (run) => this.turns.push(run),
        setTimer: (run, delayMs) => {
          const timer = { run, delayMs }
          this.timers.push(timer)
          return () => {
            this.timers = this.timers.filter((other) => other !== timer)
          }
        },
      },
      options,
    )
  }

  append(...names: string[]): void {
    for (const name of names) this.client.append(bytes(name), (outcome) => this.outcomes.push(`${name} ${shown(outcome)}`))
  }

  came(status: number): void {
    this.client.appendOutcome({ envelopeId: new Uint8Array(16), atUs: 1, status, code: '', isCertain: true })
  }

  turn(): void {
    const turns = this.turns
    this.turns = []
    for (const run of turns) run()
  }

  /** Lets timers ring: all, or those of that length. */
  fire(delayMs?: number): void {
    const isDue = (timer: { delayMs: number }): boolean => delayMs === undefined || timer.delayMs === delayMs
    const due = this.timers.filter(isDue)
    this.timers = this.timers.filter((timer) => !isDue(timer))
    for (const { run } of due) run()
  }

  /** Nobody answers the oldest open request. */
  leave(): void {
    this.asked.shift()!.answer({ ok: false, why: 'no-responder', detail: '' })
  }

  /** Answers the oldest open request; `refusal` for each of its records. */
  commit(refusal = ''): void {
    const { records, answer } = this.asked.shift()!
    const results = records.map(() => (refusal === '' ? { sequence: BigInt(++this.sequence) } : { refusal }))
    answer({ ok: true, data: toBinary(AppendReplySchema, create(AppendReplySchema, { results })) })
  }
}

function shown(outcome: AppendOutcome): string {
  return outcome.ok ? String(outcome.sequence) : `${outcome.code}${outcome.isCertain ? '' : ' perhaps'}`
}

describe('archive client', () => {
  let rig = new Rig()
  beforeEach(() => {
    rig = new Rig()
  })

  test('what is appended in one turn is one batch, answered in order', () => {
    rig.append('a', 'b')
    assert.equal(rig.asked.length, 0)
    rig.turn()
    assert.deepEqual(rig.asked[0]?.records, ['a', 'b'])
    rig.commit()
    assert.deepEqual(rig.outcomes, ['a 1', 'b 2'])
  })

  test('while a small batch is under way the next one gathers; many records do not wait for it', () => {
    rig.append('a')
    rig.turn()
    rig.append('b')
    rig.turn()
    rig.append('c')
    rig.turn()
    assert.equal(rig.asked.length, 1)
    rig.commit()
    assert.deepEqual(rig.asked[0]?.records, ['b', 'c'])
    rig.append(...Array.from({ length: 70 }, (_, at) => `x${at}`))
    rig.turn()
    assert.equal(rig.asked.length, 2)
    assert.equal(rig.client.stats().batchesInFlight, 2)
  })

  test('after a request of many the next one gathers for some milliseconds, although the answer is there', () => {
    const many = (name: string, count: number): void => rig.append(...Array.from({ length: count }, (_, at) => `${name}${at}`))
    many('a', 8)
    rig.turn()
    rig.commit()
    rig.append('b')
    rig.turn()
    many('c', 6)
    rig.turn()
    assert.equal(rig.asked.length, 0)
    rig.fire(4)
    assert.equal(rig.asked[0]?.records.length, 7)
    rig.commit()
    rig.append('d')
    rig.turn()
    assert.deepEqual(rig.asked[0]?.records, ['d'], 'that was not many: nobody waits')
  })

  test('what gathers is sent at once when it has become much, and in the time of a stop', async () => {
    const many = (name: string, count: number): void => rig.append(...Array.from({ length: count }, (_, at) => `${name}${at}`))
    many('a', 20)
    rig.turn()
    rig.commit()
    many('b', 47)
    rig.turn()
    assert.equal(rig.asked.length, 0)
    rig.append('c')
    rig.turn()
    assert.equal(rig.asked[0]?.records.length, 48)
    rig.append('d')
    rig.commit()
    const stopped = rig.client.drain(1000)
    rig.fire(4)
    assert.deepEqual(rig.asked[0]?.records, ['d'])
    rig.commit()
    rig.fire(5)
    await stopped
  })

  test('a batch says which of its messages are followed, also when it goes again; others say nothing', () => {
    const trace = (digit: string) => ({ traceId: digit.repeat(32), spanId: digit.repeat(16), isSampled: true })
    const followed = (name: string, digit: string): void => rig.client.append(bytes(name), () => rig.outcomes.push(name), '', trace(digit))
    const idsOf = (at: number): string[] => batchTracesOf(rig.asked[at]?.headers).map(({ traceId }) => traceId[0] as string)
    rig.append('a')
    rig.turn()
    assert.equal(rig.asked[0]?.headers, undefined)
    rig.append('b')
    followed('c', '1')
    rig.append('d')
    followed('e', '2')
    rig.turn()
    rig.commit()
    assert.deepEqual(
      [rig.asked[0]?.records, idsOf(0)],
      [
        ['b', 'c', 'd', 'e'],
        ['1', '2'],
      ],
    )
    rig.leave()
    followed('f', '3')
    rig.fire(100)
    assert.deepEqual(
      [rig.asked[0]?.records, idsOf(0)],
      [
        ['b', 'c', 'd', 'e', 'f'],
        ['1', '2', '3'],
      ],
    )
    rig.commit()
    rig.append('g')
    rig.turn()
    assert.deepEqual([rig.asked[0]?.records, rig.asked[0]?.headers], [['g'], undefined])
  })

  test('batches under way at once, which different archives may take, share no sender', () => {
    const of = (sender: string, from: number, count: number): void => {
      for (let at = from; at < from + count; at++)
        rig.client.append(bytes(`${sender}${at}`), (outcome) => rig.outcomes.push(`${sender}${at} ${shown(outcome)}`), sender)
    }
    const sentBy = (at: number): string => [...new Set(rig.asked[at]?.records.map((name) => name.slice(0, 1)))].join('')
    of('a', 0, 1)
    rig.turn()
    of('a', 1, 100)
    rig.turn()
    assert.equal(rig.asked.length, 1, 'the sender has one under way')
    of('b', 0, 64)
    of('a', 101, 1)
    of('b', 64, 6)
    rig.turn()
    assert.deepEqual([rig.asked.length, sentBy(1), rig.asked[1]?.records.length], [2, 'b', 70], 'another sender overtakes')
    of('b', 70, 64)
    rig.turn()
    assert.equal(rig.asked.length, 2)
    rig.commit()
    assert.deepEqual([rig.asked.length, sentBy(1), rig.asked[1]?.records.length], [2, 'a', 101])
    of('c', 0, 64)
    rig.turn()
    assert.deepEqual([rig.asked.length, sentBy(2)], [3, 'c'])
    rig.commit()
    assert.deepEqual([rig.asked.length, sentBy(2), rig.asked[2]?.records.length], [3, 'b', 64])
    while (rig.asked.length > 0) rig.commit()
    for (const [sender, count] of [
      ['a', 102],
      ['b', 134],
      ['c', 64],
    ] as const) {
      const sequences = rig.outcomes.filter((text) => text.startsWith(sender)).map((text) => Number(text.split(' ')[1]))
      assert.equal(sequences.length, count)
      assert.deepEqual(
        sequences,
        sequences.toSorted((a, b) => a - b),
      )
    }
  })

  test('records wait for an archive that is started again, and go in their order', () => {
    rig.append('a')
    rig.turn()
    rig.append(...Array.from({ length: 64 }, (_, at) => `b${at}`))
    rig.turn()
    assert.equal(rig.asked.length, 2)
    rig.leave()
    rig.leave()
    rig.append('c')
    rig.turn()
    assert.equal(rig.asked.length, 0)
    assert.equal(rig.client.stats().queuedRecords, 66)
    rig.fire(100)
    rig.leave()
    assert.deepEqual(rig.outcomes, [])
    rig.fire(100)
    assert.deepEqual(rig.asked[0]?.records.slice(0, 2), ['a', 'b0'])
    assert.equal(rig.asked[0]?.records.at(-1), 'c')
    rig.commit()
    assert.equal(rig.outcomes.length, 66)
    assert.deepEqual([rig.outcomes[0], rig.outcomes[65]], ['a 1', 'c 66'])
    assert.equal(rig.client.stats().queuedRecords, 0)
    assert.equal(rig.client.stats().queuedBytes, 0)
  })

  test('patience ends; from then on records fail at once, until the archive answers', () => {
    rig.append('a')
    rig.turn()
    rig.leave()
    rig.append('b')
    rig.turn()
    rig.fire(5000)
    assert.deepEqual(rig.outcomes, ['a GH-ARCHIVE-AWAY', 'b GH-ARCHIVE-AWAY'])
    rig.append('c')
    rig.turn()
    rig.leave()
    assert.equal(rig.outcomes.at(-1), 'c GH-ARCHIVE-AWAY')
    rig.append('d')
    rig.turn()
    rig.commit()
    assert.equal(rig.outcomes.at(-1), 'd 1')
    rig.append('e')
    rig.turn()
    rig.leave()
    assert.equal(rig.outcomes.at(-1), 'd 1')
  })

  test('batches keep below what the bus carries', () => {
    rig.append(...Array.from({ length: 10 }, () => 'x'.repeat(300)))
    rig.turn()
    const sizes: number[] = []
    while (rig.asked.length > 0) {
      sizes.push(rig.asked[0]!.records.length)
      rig.commit()
    }
    assert.deepEqual(sizes, [3, 3, 3, 1])
    assert.equal(rig.outcomes.length, 10)
  })

  test('beyond the bound records are refused at the next turn, certainly', () => {
    rig = new Rig({ maxQueuedRecords: 2 })
    rig.append('a', 'b', 'c')
    assert.deepEqual(rig.outcomes, [])
    rig.turn()
    assert.deepEqual(rig.outcomes, ['c GH-ARCHIVE-QUEUE-FULL'])
    rig.append('d')
    rig.turn()
    assert.deepEqual(rig.outcomes.at(-1), 'd GH-ARCHIVE-QUEUE-FULL', 'those under way count')
    rig.commit()
    rig.append('e')
    rig.turn()
    rig.commit()
    assert.deepEqual(rig.outcomes.at(-1), 'e 3')
  })

  test('bytes are bounded too, and a record too large for the bus is refused', () => {
    rig = new Rig({ maxQueuedBytes: 500 })
    rig.append('x'.repeat(400), 'y'.repeat(200), 'z'.repeat(2000))
    rig.turn()
    assert.deepEqual(
      rig.outcomes.map((line) => line.split(' ')[1]),
      ['GH-ARCHIVE-QUEUE-FULL', 'GH-ARCHIVE-RECORD-TOO-LARGE'],
    )
  })

  const failures: readonly [reply: BusReply, expected: string][] = [
    [{ ok: false, why: 'timeout', detail: '' }, 'GH-ARCHIVE-TIMEOUT perhaps'],
    [{ ok: false, why: 'closed', detail: '' }, 'GH-ARCHIVE-AWAY perhaps'],
    [{ ok: false, why: 'refused', detail: 'GH-BUS-BUSY' }, 'GH-ARCHIVE-AWAY'],
    [{ ok: false, why: 'refused', detail: 'GH-BUS-HANDLER broken' }, 'GH-ARCHIVE-AWAY perhaps'],
    [{ ok: true, data: bytes('\xff\xff nonsense') }, 'GH-ARCHIVE-ANSWER perhaps'],
    [{ ok: true, data: new Uint8Array() }, 'GH-ARCHIVE-ANSWER perhaps'],
  ]
  for (const [reply, expected] of failures) {
    test(`a failed batch refuses each record: ${reply.ok ? 'a wrong answer' : `${reply.why} ${reply.detail}`} → ${expected}`, () => {
      rig.append('a', 'b')
      rig.turn()
      rig.asked.shift()!.answer(reply)
      assert.deepEqual(rig.outcomes, [`a ${expected}`, `b ${expected}`])
    })
  }

  test('a refusal by the archive is passed on with its code', () => {
    rig.append('a')
    rig.turn()
    rig.commit('GH-ARCHIVE-DISK-FULL')
    assert.deepEqual(rig.outcomes, ['a GH-ARCHIVE-DISK-FULL'])
  })
})

describe('archive client: outcomes', () => {
  test('outcomes gather, ride with the next entries, or go alone', () => {
    const rig = new Rig()
    rig.came(200)
    rig.came(200)
    rig.append('a')
    rig.turn()
    assert.deepEqual(rig.asked[0]?.records, ['a'], 'they wait for more of their kind')
    rig.append('b')
    rig.fire()
    rig.commit()
    assert.deepEqual(rig.asked[0]?.records, ['b', '2x200'])
    rig.commit()
    assert.deepEqual(rig.outcomes, ['a 1', 'b 2'])
    rig.came(486)
    rig.fire()
    assert.deepEqual(rig.asked[0]?.records, ['1x486'])
  })

  test('outcomes are kept while the archive is away and sent again as they were, the oldest first; malformed ones are not', () => {
    const rig = new Rig()
    rig.came(200)
    rig.fire()
    rig.came(486)
    rig.asked.shift()!.answer({ ok: false, why: 'no-responder', detail: '' })
    rig.fire()
    assert.deepEqual(rig.asked[0]?.records, ['1x200', '1x486'])
    rig.came(200)
    rig.commit('GH-ARCHIVE-LOCKED')
    rig.fire()
    assert.deepEqual(rig.asked[0]?.records, ['1x200', '1x486', '1x200'])
    rig.commit('GH-ARCHIVE-MALFORMED')
    rig.fire()
    assert.equal(rig.client.stats().queuedOutcomes, 0)
    assert.equal(rig.asked.length, 0)
  })

  test('beyond the bound the oldest are dropped and counted', () => {
    const rig = new Rig({ maxQueuedOutcomes: 16 })
    for (let status = 200; status < 220; status++) rig.came(status)
    rig.fire()
    rig.asked.shift()!.answer({ ok: false, why: 'no-responder', detail: '' })
    const { queuedOutcomes, droppedOutcomes } = rig.client.stats()
    assert.deepEqual([queuedOutcomes, droppedOutcomes], [16, 4])
    rig.fire()
    assert.deepEqual([rig.asked[0]?.records.at(0), rig.asked[0]?.records.at(-1)], ['1x204', '1x219'])
  })

  test('draining sends what waits and resolves', async () => {
    const rig = new Rig()
    rig.came(200)
    const drained = rig.client.drain(1000)
    assert.deepEqual(rig.asked[0]?.records, ['1x200'])
    rig.commit()
    rig.fire()
    await drained
    assert.equal(rig.client.stats().batchesInFlight, 0)
  })
})
