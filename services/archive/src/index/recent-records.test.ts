import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { scanRecord } from '../append/record-fields.ts'
import { SampleRecords } from '../sample-records.ts'
import { clearer, judge, RecentRecords } from './recent-records.ts'
import { SLICE_RECORDS } from './terms.ts'

const DAY_US = 86_400_000_000
const samples = new SampleRecords()
const fieldsOf = (record: Uint8Array) => scanRecord(record)!

describe('recent records', () => {
  it('a new message is suspected of nothing and asks nothing, also when a slice was written', () => {
    const recent = new RecentRecords()
    const first = fieldsOf(samples.entry().record)
    for (let sequence = 1; sequence <= SLICE_RECORDS; sequence++) recent.add(sequence, sequence, sequence === 1 ? first : undefined)
    const slice = recent.filled?.finish(new Uint8Array(32), SLICE_RECORDS)
    assert.ok(slice !== undefined)
    recent.written(slice)
    assert.equal(recent.unwrittenSlices, 0)
    const later = fieldsOf(samples.entry().record)
    assert.deepEqual([recent.suspects(later), recent.questions(later, SLICE_RECORDS + 1)], [[], []])
    const asked = recent.questions(first, SLICE_RECORDS + 1)
    assert.deepEqual(
      asked.map(({ slices }) => slices.map((each) => each.first)),
      [[1], [1]],
      'its key and its id',
    )
    assert.equal(recent.questions(first, SLICE_RECORDS + 3 * DAY_US).length, 1, 'only its id, days later')
  })

  it('judges by the record: the same message, another one under its id, or something else', () => {
    const [one, other] = [samples.entry(), samples.entry()]
    const reused = samples.entry({ id: one.id })
    const suspect = (record: Uint8Array, committedAtUs = 0) => ({ sequence: 9, committedAtUs, record, fields: fieldsOf(record) })
    const say = (record: Uint8Array, earlier: Uint8Array, nowUs = 0) => judge(fieldsOf(record), record, suspect(earlier), nowUs)
    assert.equal((say(one.record, one.record) as { sequence: number }).sequence, 9)
    assert.equal(say(other.record, one.record), undefined)
    assert.equal(say(reused.record, one.record), 'id-reused')
    const sameKey = samples.entry({ idempotencyKey: Buffer.alloc(32, 1) })
    const retry = samples.entry({ idempotencyKey: Buffer.alloc(32, 1) })
    assert.notEqual(say(retry.record, sameKey.record, DAY_US), undefined)
    assert.equal(say(retry.record, sameKey.record, 2 * DAY_US), undefined, 'a key is forgotten after the second day')
    const same = { sequence: 4 }
    assert.equal(clearer('id-reused', same), same)
    assert.equal(clearer(same, 'id-reused'), same)
  })
})
