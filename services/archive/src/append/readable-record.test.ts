import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { ArchiveRecordSchema } from '@gatehouse/proto'
import { SampleRecords } from '../sample-records.ts'
import { isReadable } from './readable-record.ts'

const samples = new SampleRecords()

describe('a record that is readable', () => {
  it('is what our services send, and outcomes too', () => {
    const { id, record } = samples.entry({ fromAddress: 'sip:ü😀@fabrikam.example', body: Buffer.from([0xff, 0xfe]) })
    assert.ok(isReadable(record) && isReadable(samples.outcomes([id])) && isReadable(samples.outcome(id)))
    assert.ok(isReadable(Buffer.concat([record, Buffer.from([0x98, 0x75, 0x01])])), 'with a field of a newer version')
  })

  it('can be decoded, whatever octets were changed or cut: 20,000 of them', () => {
    const { record } = samples.entry()
    let seed = 7
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return Math.floor((seed / 2_147_483_648) * below)
    }
    let refused = 0
    for (let round = 0; round < 20_000; round++) {
      const changed = Buffer.from(record.subarray(0, round % 10 === 0 ? random(record.length) : record.length))
      for (let count = 1 + random(3); count > 0 && changed.length > 0; count--) changed[random(changed.length)] = random(256)
      if (!isReadable(changed)) refused++
      else assert.doesNotThrow(() => fromBinary(ArchiveRecordSchema, changed), changed.toString('hex'))
    }
    assert.ok(refused > 1_000, `${refused} were refused`)
  })
})
