import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { ArchiveRecordSchema, type Outcomes } from '@gatehouse/proto'
import fc from 'fast-check'
import { type OutcomeFields, OutcomePacker, type PackedOutcomes } from './outcome-packer.ts'

const outcome: fc.Arbitrary<OutcomeFields> = fc.record({
  envelopeId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  atUs: fc.oneof(fc.maxSafeNat(), fc.nat({ max: 50 })),
  status: fc.constantFrom(0, 200, 408),
  code: fc.constantFrom('', 'GH-POLICY-ALLOWED'),
  isCertain: fc.boolean(),
})

function told({ record, count }: PackedOutcomes): Outcomes {
  const { content } = fromBinary(ArchiveRecordSchema, record)
  assert.ok(content.case === 'outcomes')
  assert.deepEqual([content.value.envelopeIds.length, content.value.afterUs.length], [count * 16, count])
  return content.value
}

/** One line for each message, as the record tells it. */
function lines(packed: readonly PackedOutcomes[]): string[] {
  return packed.flatMap((each) => {
    const { envelopeIds, atUs, afterUs, status, code, certain } = told(each)
    return afterUs.map((after, at) => {
      const id = Buffer.from(envelopeIds.subarray(at * 16, at * 16 + 16)).toString('hex')
      return `${id} ${atUs + after} ${status} ${code} ${certain}`
    })
  })
}

describe('outcome packer', () => {
  test('says of every message what became of it, in the very bytes the protobuf library writes', () => {
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 600 }), (outcomes) => {
        const packer = new OutcomePacker()
        const packed = outcomes.flatMap((each) => packer.add(each) ?? [])
        packed.push(...packer.takeAll())
        const expected = outcomes.map(
          ({ envelopeId, atUs, status, code, isCertain }) =>
            `${Buffer.from(envelopeId).toString('hex')} ${atUs} ${status} ${code} ${isCertain}`,
        )
        assert.deepEqual(lines(packed).sort(), expected.sort())
        assert.equal(packer.count, 0)
        for (const each of packed) {
          const { $typeName: _, ...value } = told(each)
          const theirs = toBinary(ArchiveRecordSchema, create(ArchiveRecordSchema, { content: { case: 'outcomes', value } }))
          assert.deepEqual(Buffer.from(each.record), Buffer.from(theirs))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('what is alike shares a record, until it is full', () => {
    const packer = new OutcomePacker()
    const envelopeId = new Uint8Array(16)
    const alike = { envelopeId, status: 200, code: '', isCertain: true }
    const filled = Array.from({ length: 300 }, (_, at) => packer.add({ ...alike, atUs: 1_790_000_000_000_000 + at })).filter(Boolean)
    packer.add({ ...alike, atUs: 1_790_000_000_001_000, status: 486 })
    assert.deepEqual([filled.map((each) => each?.count), packer.count], [[256], 45])
    assert.deepEqual(
      packer.takeAll().map(({ count }) => count),
      [44, 1],
    )
    assert.deepEqual(packer.takeAll(), [])
  })

  test('a clock that was put back begins a new record', () => {
    const packer = new OutcomePacker()
    const alike = { envelopeId: new Uint8Array(16), status: 200, code: '', isCertain: true }
    packer.add({ ...alike, atUs: 5 })
    const closed = packer.add({ ...alike, atUs: 4 })
    assert.deepEqual(
      [closed, ...packer.takeAll()].map((each) => told(each as PackedOutcomes).atUs),
      [5n, 4n],
    )
  })
})
