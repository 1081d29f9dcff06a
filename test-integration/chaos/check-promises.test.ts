import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ArchivedLog } from './archive-records.ts'
import { checkPromises, type Ordered } from './check-promises.ts'
import { longestGap } from './fault-round.ts'
import { readTrace } from './fsync-trace.ts'
import { GIVEN_UP, Ledger } from './ledger.ts'

/** Three messages of one conversation, sent one behind the other, acknowledged, delivered. */
function honestLedger(): Ledger {
  const ledger = new Ledger()
  const messages = [1, 2, 3].map((number) => ledger.open('c', number))
  for (const message of messages) ledger.attempted(message, 1)
  for (const message of messages) ledger.answered(message, 200, 0)
  for (const number of [1, 2, 3]) ledger.delivered(`c ${number} ...`)
  return ledger
}

function log(entries: Record<string, number[]>, breaks: readonly string[] = []): ArchivedLog {
  return { records: 3, entries: new Map(Object.entries(entries)), breaks }
}

const ARRIVED = 'every acknowledged message was delivered, or its sender told that it was given up'
const WHOLE = { 'c 1': [1], 'c 2': [2], 'c 3': [3] }
const broken = (ledger: Ledger, archived: ArchivedLog, ordered: Ordered = 'all'): string[] =>
  checkPromises(ledger, archived, ordered).flatMap((verdict) => (verdict.broken > 0 ? [verdict.promise] : []))

describe('the checker', () => {
  it('finds nothing where nothing is wrong', () => {
    assert.deepEqual(broken(honestLedger(), log(WHOLE)), [])
  })

  it('misses no acknowledged message without a record, and none with two', () => {
    assert.deepEqual(broken(honestLedger(), log({ 'c 1': [1], 'c 3': [3] })), [
      'every 2xx has exactly one archive record',
      'nothing delivered is unarchived',
    ])
    assert.deepEqual(broken(honestLedger(), log({ ...WHOLE, 'c 2': [2, 4] })), [
      'every 2xx has exactly one archive record',
      'no message is recorded twice, whatever its sender was told',
    ])
  })

  it('sees what was delivered without a record though its sender was refused', () => {
    const ledger = honestLedger()
    const refused = ledger.open('c', 4)
    ledger.attempted(refused, 1)
    ledger.answered(refused, 503, 0)
    assert.deepEqual(broken(ledger, log(WHOLE)), [])
    ledger.delivered('c 4 ')
    assert.deepEqual(broken(ledger, log(WHOLE)), ['nothing delivered is unarchived'])
  })

  it('takes a message that was accepted for later as kept when it arrived or its sender was told, and only then', () => {
    const ledger = new Ledger()
    const [first, second] = [ledger.open('c', 1), ledger.open('c', 2)]
    ledger.attempted(first, 1)
    ledger.answered(first, 202, 0)
    ledger.attempted(second, 1)
    ledger.answered(second, 202, 0)
    assert.deepEqual(broken(ledger, log({ 'c 1': [1], 'c 2': [2] })), [ARRIVED])
    ledger.delivered('c 2 ...')
    ledger.delivered(`${GIVEN_UP} c 1`)
    assert.deepEqual(broken(ledger, log({ 'c 1': [1], 'c 2': [2] })), [])
    ledger.delivered('c 1 ...')
    assert.deepEqual(broken(ledger, log({ 'c 1': [1], 'c 2': [2] })), ['nothing overtakes a message that waits'])
  })

  it('does not take word of a failure for a delivery that was confirmed', () => {
    const ledger = new Ledger()
    const message = ledger.open('c', 1)
    ledger.attempted(message, 1)
    ledger.answered(message, 200, 0)
    ledger.delivered(`${GIVEN_UP} c 1`)
    ledger.delivered(`${GIVEN_UP} c 9`)
    assert.deepEqual(broken(ledger, log({ 'c 1': [1] })), [ARRIVED, 'nothing arrives that nobody sent'])
  })

  it('sees an acknowledged message that never arrived, that arrived twice, and one that nobody sent', () => {
    const lost = new Ledger()
    const message = lost.open('c', 1)
    lost.attempted(message, 1)
    lost.answered(message, 200, 0)
    assert.deepEqual(broken(lost, log({ 'c 1': [1] })), [ARRIVED])
    const twice = honestLedger()
    twice.delivered('c 2 ...')
    assert.deepEqual(broken(twice, log(WHOLE)), ['no message sent once and acknowledged was delivered twice'])
    const strange = honestLedger()
    strange.delivered('x 2 ...')
    assert.deepEqual(broken(strange, log(WHOLE)), ['nothing arrives that nobody sent'])
  })

  it('knows which order is certain', () => {
    assert.deepEqual(broken(honestLedger(), log({ 'c 1': [2], 'c 2': [1], 'c 3': [3] })), [
      'per sender the archive order is the sending order',
    ])
    // Sent again over another connection: it may stand behind what was sent meanwhile, but not behind what came after its answer.
    const again = new Ledger()
    const [first, second, third] = [1, 2, 3].map((number) => again.open('c', number)) as [
      ReturnType<Ledger['open']>,
      ReturnType<Ledger['open']>,
      ReturnType<Ledger['open']>,
    ]
    again.attempted(first, 1)
    again.attempted(second, 1)
    again.answered(second, 200, 0)
    again.attempted(first, 2)
    again.answered(first, 200, 0)
    again.attempted(third, 2)
    again.answered(third, 200, 0)
    for (const number of [1, 2, 3]) again.delivered(`c ${number} ...`)
    assert.deepEqual(broken(again, log({ 'c 1': [2], 'c 2': [1], 'c 3': [3] })), [])
    assert.deepEqual(broken(again, log({ 'c 1': [3], 'c 2': [1], 'c 3': [2] })), ['per sender the archive order is the sending order'])
    // Refused because its archive did not answer in time: that one may commit it while another one went on.
    const late = honestLedger()
    const refused = late.messages.get('c 1') as ReturnType<Ledger['open']>
    refused.status = 503
    assert.deepEqual(broken(late, log({ 'c 1': [3], 'c 2': [1], 'c 3': [2] }), 'acknowledged'), [])
    assert.deepEqual(broken(late, log({ 'c 1': [3], 'c 2': [1], 'c 3': [2] })), ['per sender the archive order is the sending order'])
  })

  it('sees that a message went past an acknowledged one of its conversation, and not where none was promised', () => {
    const OVERTAKEN = 'per conversation nothing overtakes an acknowledged message'
    const swapped = new Ledger()
    const [first, second] = [swapped.open('c', 1), swapped.open('c', 2)]
    for (const message of [first, second]) swapped.attempted(message, 1)
    for (const number of [2, 1]) swapped.delivered(`c ${number} ...`)
    for (const message of [first, second]) swapped.answered(message, 200, 0)
    assert.deepEqual(broken(swapped, log({ 'c 1': [1], 'c 2': [2] })), [OVERTAKEN])
    first.status = 503
    assert.deepEqual(broken(swapped, log({ 'c 1': [1], 'c 2': [2] })), [], 'it was refused')
    first.status = 200
    second.attempts.push({ connection: 2, tick: 9 })
    assert.deepEqual(broken(swapped, log({ 'c 1': [1], 'c 2': [2] })), [], 'one that is sent again may arrive whenever it likes')
  })

  it('judges the archive by sender: another conversation is no excuse', () => {
    const ledger = new Ledger()
    const [first, second] = [ledger.open('c-1', 1, 'c'), ledger.open('c-2', 1, 'c')]
    for (const message of [first, second]) ledger.attempted(message, 1)
    for (const message of [first, second]) ledger.answered(message, 200, 0)
    for (const name of ['c-1', 'c-2']) ledger.delivered(`${name} 1 ...`)
    assert.deepEqual(broken(ledger, log({ 'c-1 1': [2], 'c-2 1': [1] }), 'acknowledged'), [
      'per sender the archive order is the sending order',
    ])
  })

  it('passes breaks of the chain on', () => {
    assert.deepEqual(broken(honestLedger(), log(WHOLE, ['sequence 3 where 2 was expected'])), ['no gap in the chain'])
  })
})

describe('measurements', () => {
  it('the longest time without an answer counts both ends of the window', () => {
    assert.equal(longestGap([1, 2, 10, 11], 0, 12), 8)
    assert.equal(longestGap([1, 2], 0, 12), 10)
    assert.equal(longestGap([], 3, 12), 9)
    assert.equal(longestGap([5, 11, 20], 10, 15), 4)
  })

  it('an answer needs an fsync since the one before', () => {
    const sync = '7 fdatasync(23 <unfinished ...>\n7 <... fdatasync resumed>) = 0\n'
    const answer = '7 write(20, "PUB _INBOX.abc.1 12\\r\\n", 30) = 30\n'
    assert.deepEqual(readTrace(sync + answer + sync + answer), { answers: 2, fsyncs: 2, unsynced: 0 })
    assert.deepEqual(readTrace(sync + answer + answer), { answers: 2, fsyncs: 1, unsynced: 1 })
  })
})
