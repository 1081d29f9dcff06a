import assert from 'node:assert/strict'
import { it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { StatusRequestSchema, VerifyRequestSchema } from '@gatehouse/proto'
import { SampleRecords } from '../sample-records.ts'
import { type ArchiveBed, collected, type OpenArchive, officer, openArchive } from './archive-bed.ts'

const DAY_US = 86_400_000_000

/** Codes that verification finds; empty for an intact log. */
export async function findingsOf(archive: OpenArchive): Promise<string[]> {
  const last = (await collected(archive.service.handlers.verify(create(VerifyRequestSchema), officer))).at(-1)
  assert.equal(last?.finished, true)
  return (last?.findings ?? []).map(({ sequence, code }) => `${sequence} ${code}`)
}

/** Appending: numbers without a gap, the same message once, whatever the clock does. */
export function appendSuite(makeBed: () => Promise<ArchiveBed>): void {
  const samples = new SampleRecords()

  it('numbers records in order, without a gap, over batches and restarts', async () => {
    const bed = await makeBed()
    let archive = await openArchive(bed)
    assert.deepEqual(await archive.append(samples.entry().record, samples.entry().record), ['1', '2'])
    assert.deepEqual(await archive.append(), [])
    await archive.stop()
    archive = await openArchive(bed)
    assert.deepEqual(await archive.append(samples.entry().record), ['3'])
    assert.deepEqual(await findingsOf(archive), [])
    const status = await archive.service.handlers.status(create(StatusRequestSchema), officer)
    assert.deepEqual([status.sequence, status.accepting], [4n, true], 'three and the access of verify')
    await archive.stop()
  })

  it('records the same message once: in a batch, in another, after a restart', async () => {
    const bed = await makeBed()
    const [one, two] = [samples.entry(), samples.entry()]
    let archive = await openArchive(bed)
    assert.deepEqual(await archive.append(one.record, two.record, one.record), ['1', '2', '1 again'])
    assert.deepEqual(await archive.append(two.record, samples.entry().record), ['2 again', '3'])
    await archive.stop()
    archive = await openArchive(bed)
    assert.deepEqual(await archive.append(one.record), ['1 again'])
    await archive.stop()
  })

  it('knows a batch that is replayed weeks later by its envelope ids, and a retry on the next day by its key', async () => {
    const bed = await makeBed()
    let nowUs = Date.UTC(2026, 2, 1) * 1000
    const archive = await openArchive(bed, {}, () => nowUs)
    const idempotencyKey = Buffer.alloc(32, 7)
    const first = samples.entry({ idempotencyKey })
    assert.deepEqual(await archive.append(first.record), ['1'])
    nowUs += DAY_US
    assert.deepEqual(await archive.append(samples.entry({ idempotencyKey }).record), ['1 again'])
    nowUs += 40 * DAY_US
    assert.deepEqual(await archive.append(first.record), ['1 again'])
    await archive.stop()
  })

  it('refuses another message under a used id and what is no record; the others of the batch are kept', async () => {
    const bed = await makeBed()
    const archive = await openArchive(bed)
    const { id, record } = samples.entry()
    const [other, third] = [samples.entry({ id }), samples.entry({ id })]
    const garbage = Buffer.from('garbage')
    const answer = ['1', 'GH-ARCHIVE-ID-REUSED', 'GH-ARCHIVE-MALFORMED', '2']
    assert.deepEqual(await archive.append(record, other.record, garbage, samples.entry().record), answer)
    assert.deepEqual(await archive.append(samples.entry().record, third.record), ['3', 'GH-ARCHIVE-ID-REUSED'])
    assert.deepEqual(await findingsOf(archive), [])
    await archive.stop()
  })

  it('records what became of messages once, told one by one or of many', async () => {
    const bed = await makeBed()
    const archive = await openArchive(bed)
    const { id, record } = samples.entry()
    await archive.append(record)
    const [one, many] = [samples.outcome(id, 486, 5_000_000), samples.outcomes([id, samples.entry().id], 200, 6_000_000)]
    assert.deepEqual(await archive.append(one, many, one), ['2', '3', '2 again'])
    assert.deepEqual(await archive.append(many, one), ['3 again', '2 again'])
    await archive.stop()
  })

  it('takes addresses and texts of any size and any characters', async () => {
    const bed = await makeBed()
    const archive = await openArchive(bed)
    const odd = [
      'sip:a\0b@contoso.example',
      `sip:${'ü'.repeat(5000)}@${'x'.repeat(3000)}.example`,
      `${'😀'.repeat(400)}@`,
      '',
      '{"\\}',
      "'; --",
    ]
    const records = odd.map((address) => samples.entry({ fromAddress: address, toAddress: address, conversation: `${address}\0` }).record)
    assert.deepEqual(
      await archive.append(...records),
      records.map((_, at) => `${at + 1}`),
    )
    assert.deepEqual(await findingsOf(archive), [])
    await archive.stop()
  })

  it('dates no record before an earlier one, whatever the clock does', async () => {
    const bed = await makeBed()
    let nowUs = 2_000_000_000
    const archive = await openArchive(bed, {}, () => nowUs)
    await archive.append(samples.entry().record)
    nowUs = 1_000_000_000
    await archive.append(samples.entry().record)
    nowUs = 3_000_000_000
    assert.deepEqual(await findingsOf(archive), [])
    await archive.stop()
  })

  it('refuses a log whose end was taken away, and the schema of a newer version', async () => {
    const bed = await makeBed()
    let archive = await openArchive(bed)
    await archive.append(samples.entry().record, samples.entry().record)
    await archive.stop()
    await bed.run('DELETE FROM record WHERE sequence = 2')
    archive = await openArchive(bed)
    assert.deepEqual(await archive.append(samples.entry().record), ['GH-ARCHIVE-CHAIN-BROKEN'])
    assert.equal(archive.service.health().isReady, false)
    await archive.stop()
    await bed.spoil()
    archive = await openArchive(bed)
    assert.deepEqual(await archive.append(samples.entry().record), ['GH-ARCHIVE-SCHEMA-NEWER'])
    await archive.stop()
  })
}
