import assert from 'node:assert/strict'
import { it } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { GetRequestSchema, SearchRequestSchema } from '@gatehouse/proto'
import { SLICE_RECORDS } from '../index/terms.ts'
import { SampleRecords } from '../sample-records.ts'
import { findingsOf } from './append-suite.ts'
import { collected, type OpenArchive, officer, openArchive, type SuiteBed } from './archive-bed.ts'

const BATCH = 4096
const RARE = 'rare@contoso.example'
/** Every so many messages one is of a rare sender, and one is refused. */
const RARE_EVERY = 9000
const DENIED_EVERY = 20_000

interface Filled {
  readonly records: readonly Uint8Array[]
  readonly ids: readonly Uint8Array[]
  readonly outcomes: Uint8Array
}

/** More than a slice of the index has. */
async function fill(archive: OpenArchive, samples: SampleRecords): Promise<Filled> {
  const records: Uint8Array[] = []
  const ids: Uint8Array[] = []
  const body = Buffer.from('hello')
  for (let at = 0; at < SLICE_RECORDS + 1000; at++) {
    const sender = at % RARE_EVERY === 1 ? { fromAddress: `sip:${RARE}` } : {}
    const { id, record } = samples.entry({ ...sender, body }, at % DENIED_EVERY === 2 ? { verdict: 'deny' } : {})
    records.push(record)
    ids.push(id)
  }
  const outcomes = samples.outcomes(ids.slice(0, 100), 486, 1)
  records[200] = outcomes
  for (let at = 0; at < records.length; at += BATCH) {
    const batch = records.slice(at, at + BATCH)
    assert.deepEqual(
      await archive.append(...batch),
      batch.map((_, place) => `${at + place + 1}`),
    )
  }
  return { records, ids, outcomes }
}

/** Resolves when the index has its first slice. */
async function indexed(bed: SuiteBed): Promise<void> {
  while ((await bed.slices()) === 0) await new Promise((resolve) => setTimeout(resolve, 20))
}

async function found(archive: OpenArchive, terms: MessageInitShape<typeof SearchRequestSchema>): Promise<number[]> {
  const parts = await collected(archive.service.handlers.search(create(SearchRequestSchema, { limit: 1000, ...terms }), officer))
  return parts.map(({ record }) => Number(record?.sequence))
}

const isAt = (every: number, place: number): number[] =>
  Array.from({ length: Math.ceil((SLICE_RECORDS + 1000) / every) }, (_, at) => at * every + place + 1)
    .filter((sequence) => sequence <= SLICE_RECORDS + 1000)
    .reverse()

/** What an index with a whole slice is for: the same answers as without one, and verification that finds what was done to it. */
export function indexSuite(makeBed: () => Promise<SuiteBed>): void {
  it('a log beyond one slice of the index: found, known again, checked, and made again when the index is lost', async () => {
    const bed = await makeBed()
    const samples = new SampleRecords()
    let archive = await openArchive(bed)
    const { records, ids, outcomes } = await fill(archive, samples)
    await indexed(bed)
    const check = async (): Promise<void> => {
      const again = [records[0]!, records[SLICE_RECORDS - 1]!, records[SLICE_RECORDS + 5]!, outcomes]
      assert.deepEqual(await archive.append(...again), ['1 again', `${SLICE_RECORDS} again`, `${SLICE_RECORDS + 6} again`, '201 again'])
      const reused = [samples.entry({ id: ids[3]! }).record, samples.entry({ id: ids.at(-1)! }).record]
      assert.deepEqual(await archive.append(...reused), ['GH-ARCHIVE-ID-REUSED', 'GH-ARCHIVE-ID-REUSED'])
      assert.deepEqual(await found(archive, { fromAddress: RARE }), isAt(RARE_EVERY, 1))
      assert.deepEqual(await found(archive, { verdict: 'deny', domain: 'fabrikam.example' }), isAt(DENIED_EVERY, 2))
      assert.deepEqual(await found(archive, { fromAddress: RARE, verdict: 'deny' }), [])
      const got = await archive.service.handlers.get(create(GetRequestSchema, { envelopeId: ids[42]! }), officer)
      assert.deepEqual([got.record?.sequence, got.record?.outcomeStatus], [43n, 486])
      assert.deepEqual(await findingsOf(archive), [])
    }
    const restart = async (sql: string): Promise<void> => {
      await archive.stop()
      await bed.runOnIndex(sql)
      archive = await openArchive(bed)
    }
    await check()
    await restart('SELECT 1')
    await check()
    const last = '(SELECT max(term) FROM posting)'
    await restart(`UPDATE posting SET bytes = (SELECT min(bytes) FROM posting WHERE term < ${last}) WHERE term = ${last}`)
    assert.ok(
      (await findingsOf(archive)).some((finding) => finding.endsWith('GH-ARCHIVE-INDEX')),
      'found by other words',
    )
    await restart(`DELETE FROM posting WHERE term = ${last}`)
    assert.ok(
      (await findingsOf(archive)).some((finding) => finding.endsWith('GH-ARCHIVE-INDEX')),
      'found by fewer words',
    )
    await restart('DELETE FROM posting; DELETE FROM slice')
    await check()
    await archive.stop()
  })
}
