import assert from 'node:assert/strict'
import { it } from 'node:test'
import { create, fromBinary } from '@bufbuild/protobuf'
import { ArchiveRecordSchema, GetRequestSchema, SearchRequestSchema } from '@gatehouse/proto'
import { SampleRecords } from '../sample-records.ts'
import { findingsOf } from './append-suite.ts'
import { type ArchiveBed, collected, type OpenArchive, officer, openArchive } from './archive-bed.ts'

/** A gate takes bodies up to 1 MiB, which is also what the bus carries with all that is around them. */
const LARGE_BYTES = 1_000_000
const RECIPIENTS = 100_000
const BATCH = 5_000

/** What senders and broken services make of a record: it is kept as it is, or refused with a code; never half, and nothing else suffers. */
export function badInputSuite(makeBed: () => Promise<ArchiveBed>): void {
  const samples = new SampleRecords()

  const bodyOf = async (archive: OpenArchive, id: Uint8Array): Promise<Uint8Array> => {
    const { record } = await archive.service.handlers.get(create(GetRequestSchema, { envelopeId: id, reason: 'test' }), officer)
    const { content } = fromBinary(ArchiveRecordSchema, record?.record ?? new Uint8Array())
    assert.equal(content.case, 'entry')
    return content.case === 'entry' ? (content.value.envelope?.body ?? new Uint8Array()) : new Uint8Array()
  }

  it('keeps a body of nearly all that the bus carries, to the octet', async () => {
    const bed = await makeBed()
    const archive = await openArchive(bed, { commitThread: 'own' })
    const body = Buffer.alloc(LARGE_BYTES, 'oversized ')
    const large = samples.entry({ body, bodyBytes: body.length })
    assert.deepEqual(await archive.append(large.record), ['1'])
    assert.deepEqual(await archive.append(samples.entry().record), ['2'])
    assert.ok(body.equals(await bodyOf(archive, large.id)))
    assert.deepEqual(await findingsOf(archive), [])
    await archive.stop()
  })

  it('keeps a body that is no UTF-8, and refuses a record whose texts are none: nobody could read it again', async () => {
    const archive = await openArchive(await makeBed())
    const body = Buffer.from([0xc3, 0x28, 0xff, 0xfe, 0x00, 0xed, 0xa0, 0x80])
    const odd = samples.entry({ body, bodyBytes: body.length })
    // as a service of another make may encode it: octets that no text can have, in each of the texts in turn
    const texts = ['from', 'call', 'call-transaction', 'peer', 'reason', 'detail']
    const spoilt = texts.map((text) => {
      const record = Buffer.from(spoilable(samples, text))
      const at = record.indexOf('QQQQ')
      assert.ok(at !== -1)
      record.set([0xc3, 0x28, 0xff, 0xfe], at)
      return record
    })
    const refused = texts.map(() => 'GH-ARCHIVE-MALFORMED')
    assert.deepEqual(await archive.append(odd.record, ...spoilt, samples.entry().record), ['1', ...refused, '2'])
    assert.ok(body.equals(await bodyOf(archive, odd.id)))
    const found = await collected(archive.service.handlers.search(create(SearchRequestSchema, { limit: 10, reason: 'test' }), officer))
    assert.equal(found.length, 2)
    assert.deepEqual(await findingsOf(archive), [])
    await archive.stop()
  })

  it('takes one sender with 100,000 recipients, and finds the one among them', { timeout: 300_000 }, async () => {
    const archive = await openArchive(await makeBed())
    const fromAddress = 'sip:newsletter@fabrikam.example'
    for (let from = 0; from < RECIPIENTS; from += BATCH) {
      const records = Array.from({ length: BATCH }, (_, at) => {
        const toAddress = `sip:reader-${from + at}@contoso.example`
        return samples.entry({ fromAddress, toAddress, conversation: `letter-${from + at}` }).record
      })
      const results = await archive.append(...records)
      assert.deepEqual([results[0], results.at(-1)], [String(from + 1), String(from + BATCH)])
    }
    const find = async (terms: { fromAddress?: string; toAddress?: string }): Promise<number[]> => {
      const request = create(SearchRequestSchema, { limit: 3, reason: 'test', ...terms })
      return (await collected(archive.service.handlers.search(request, officer))).map(({ record }) => Number(record?.sequence))
    }
    assert.deepEqual(await find({ toAddress: 'reader-77777@contoso.example' }), [77_778])
    assert.deepEqual(await find({ fromAddress: 'newsletter@fabrikam.example' }), [100_000, 99_999, 99_998])
    await archive.stop()
  })
}

/** A record with a mark in one of its texts. */
function spoilable(samples: SampleRecords, text: string): Uint8Array {
  const marked = 'QQQQ'
  if (text === 'from') return samples.entry({ fromAddress: `sip:${marked}@fabrikam.example` }).record
  if (text === 'call') return samples.entry({ conversation: marked }).record
  if (text === 'call-transaction') return samples.entry({ transaction: marked }).record
  if (text === 'peer') return samples.entry({ peer: { peerClass: 'direct', partner: marked, fingerprint: '', remote: '' } }).record
  if (text === 'reason') return samples.entry({}, { reason: marked }).record
  return samples.entry({}, { proof: [{ rule: 'block', code: 'ok', detail: marked, source: undefined }] }).record
}
