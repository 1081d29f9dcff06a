import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, it } from 'node:test'
import { SampleRecords } from '../sample-records.ts'
import { LogReader } from '../store/log-reader.ts'
import { LogWriter } from '../store/log-writer.ts'
import { SliceBuilder } from './slice.ts'
import { indexFileOf, openSlices, SliceWriter } from './sqlite-slices.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-index-'))
after(() => rmSync(folder, { recursive: true }))
const samples = new SampleRecords()
let files = 0

const open = (file: string): LogWriter => new LogWriter({ file, busyTimeoutMs: 100, maxBytes: undefined, newLogId: () => randomBytes(16) })

function newLog(...records: readonly Uint8Array[]): string {
  const file = join(folder, `log-${++files}.db`)
  const writer = open(file)
  writer.append(records, 1_000_000)
  writer.close()
  return file
}

/** Opens a log, checks that a record is known, and that it is found. */
async function check(file: string, record: Uint8Array, fromAddress: string): Promise<void> {
  const writer = open(file)
  assert.deepEqual(writer.append([record], 2_000_000), [{ sequence: 1, isDuplicate: true, refusal: '' }])
  writer.close()
  const reader = new LogReader(file)
  assert.deepEqual(await reader.search({ fromAddress }, 10), [1])
  reader.close()
}

it('an index that is no database, or of another version, or of another log, is made anew', async () => {
  const { record } = samples.entry({ fromAddress: 'sip:ann@contoso.example' })
  const file = newLog(record)
  const index = indexFileOf(file)
  const spoil: readonly (() => void)[] = [
    () => rmSync(index),
    () => writeFileSync(index, Buffer.alloc(20_000, 'no database ')),
    () => new DatabaseSync(index).exec('PRAGMA user_version = 77'),
    () => {
      rmSync(index)
      new SliceWriter(index, randomBytes(16), 100).close()
    },
  ]
  for (const each of spoil) {
    for (const more of ['-wal', '-shm']) rmSync(`${index}${more}`, { force: true })
    each()
    await check(file, record, 'ann@contoso.example')
    assert.ok(existsSync(index))
  }
})

it('a slice whose last record is not that of the log is thrown away', () => {
  const file = newLog(samples.entry().record)
  const reader = new LogReader(file)
  const { logId } = reader
  reader.close()
  const writer = new SliceWriter(indexFileOf(file), logId, 100)
  writer.write(new SliceBuilder(1).finish(new Uint8Array(32), 1))
  writer.close()
  open(file).close()
  const slices = openSlices(indexFileOf(file), logId, 100)
  assert.deepEqual(slices?.slices(), [])
  slices?.close()
})

it('a log of the schema before loses its trees and is indexed anew', async () => {
  const { record } = samples.entry({ fromAddress: 'sip:ben@contoso.example' })
  const file = newLog(record)
  const database = new DatabaseSync(file)
  for (const table of ['entry', 'outcome', 'outcome_bucket', 'address', 'domain_pair']) database.exec(`CREATE TABLE ${table} (x)`)
  database.exec("INSERT INTO meta VALUES ('indexed_sequence', 1); PRAGMA user_version = 4")
  database.close()
  rmSync(indexFileOf(file))
  await check(file, record, 'ben@contoso.example')
  const migrated = new DatabaseSync(file)
  assert.equal(migrated.prepare("SELECT count(*) AS count FROM sqlite_schema WHERE name = 'entry'").get()?.['count'], 0)
  migrated.close()
})
