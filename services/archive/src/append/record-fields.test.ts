import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { ArchiveRecordSchema } from '@gatehouse/proto'
import fc from 'fast-check'
import { SampleRecords } from '../sample-records.ts'
import { countAppendRecords, splitAppendRequest } from './append-request.ts'
import { scanRecord } from './record-fields.ts'

const samples = new SampleRecords()

test('finds what the protobuf library finds', () => {
  const text = fc.string({ unit: 'binary', maxLength: 300 })
  fc.assert(
    fc.property(text, text, text, text, fc.maxSafeNat(), fc.uint8Array({ maxLength: 2000 }), (from, to, conversation, code, atUs, body) => {
      const { record, id } = samples.entry(
        { fromAddress: from, toAddress: to, conversation, receivedAtUs: atUs, body },
        { code, verdict: 'deny', mark: 'unverified' },
      )
      const fields = scanRecord(record)
      const { content } = fromBinary(ArchiveRecordSchema, record)
      assert.ok(fields !== undefined && content.case === 'entry')
      const { envelope } = content.value
      assert.deepEqual(Buffer.from(fields.envelopeId, 'latin1'), Buffer.from(id))
      assert.deepEqual(
        [fields.fromAddress, fields.toAddress, fields.conversation, BigInt(fields.atUs), fields.kind, fields.verdict, fields.mark],
        [envelope?.fromAddress, envelope?.toAddress, envelope?.conversation, envelope?.receivedAtUs, 1, 'deny', 'unverified'],
      )
    }),
    { numRuns: 200 },
  )
})

test('unknown fields of a newer version are passed over', () => {
  const { record } = samples.entry()
  // Field 9 as varint, field 10 as 8 bytes, field 11 as 4 bytes, field 12 as text.
  const more = [0x48, 0x96, 0x01, 0x51, 1, 2, 3, 4, 5, 6, 7, 8, 0x5d, 1, 2, 3, 4, 0x62, 2, 0x68, 0x69]
  const [one, other] = [scanRecord(Uint8Array.from([...more, ...record, ...more]))!, scanRecord(record)!]
  assert.deepEqual([one.envelopeId, one.toAddress, one.mark, one.atUs], [other.envelopeId, other.toAddress, other.mark, other.atUs])
})

test('an outcome and an access have their time, an outcome its status', () => {
  const id = new Uint8Array(16).fill(3)
  const outcome = scanRecord(samples.outcome(id, 503, 77))
  assert.deepEqual([outcome?.type, outcome?.atUs, outcome?.status], [2, 77, 503])
  const later = new Uint8Array(16).fill(4)
  const outcomes = scanRecord(samples.outcomes([id, id, later], 503, 77))
  assert.deepEqual([outcomes?.type, outcomes?.atUs, outcomes?.status, outcomes?.count], [4, 77, 503, 3])
  assert.deepEqual(outcomes?.buckets, [0x03_0303_0303, 0x04_0404_0404])
  const value = { envelopeIds: new Uint8Array(33), afterUs: [1n, 2n] }
  assert.equal(scanRecord(toBinary(ArchiveRecordSchema, create(ArchiveRecordSchema, { content: { case: 'outcomes', value } }))), undefined)
  const access = create(ArchiveRecordSchema, { content: { case: 'access', value: { atUs: 5n, caller: 'x' } } })
  assert.deepEqual([scanRecord(toBinary(ArchiveRecordSchema, access))?.type], [3])
})

test('never throws: cut, mutated and random bytes are a record or are not', () => {
  const { record } = samples.entry()
  for (let length = 0; length < record.length; length++) scanRecord(record.subarray(0, length))
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: record.length - 1 }), fc.nat({ max: 255 })), { maxLength: 8 }), (changes) => {
      const mutated = record.slice()
      for (const [at, value] of changes) mutated[at] = value
      const fields = scanRecord(mutated)
      assert.ok(fields === undefined || (fields.envelopeId.length === 16 && Number.isSafeInteger(fields.atUs)))
      splitAppendRequest(mutated)
    }),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      scanRecord(bytes)
      const records = splitAppendRequest(bytes)
      assert.equal(countAppendRecords(bytes), records?.length ?? 0)
      assert.ok(records === undefined || records.every((part) => part.length <= bytes.length))
    }),
    { numRuns: 5000 },
  )
})
