import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { AppendRequestSchema } from '@gatehouse/proto'
import { type Checkpoint, checkpointLine, signCheckpoint } from '../chain/checkpoint.ts'
import { RecordHasher } from '../chain/record-hash.ts'
import { loadSigningKey, type SigningKey } from '../chain/signing-key.ts'
import { CommitEngine } from '../commit/commit-engine.ts'
import { SampleRecords } from '../sample-records.ts'
import { LogReader } from '../store/log-reader.ts'
import type { ChainReport } from './chain-checker.ts'
import { parseExportLine, recordLine } from './export-lines.ts'
import { verifyExport } from './verify-export.ts'
import { verifyChain } from './verify-store.ts'

const RECORDS = 20
let folder = ''
let key: SigningKey
let copies = 0

/** A log of 20 records with checkpoints at 8, 16 and 20, the last two also in the second file. */
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-verify-'))
  key = loadSigningKey(join(folder, 'key'))
  const samples = new SampleRecords()
  let nowUs = 1_790_000_000_000_000
  const engine = new CommitEngine({
    file: join(folder, 'log.db'),
    busyTimeoutMs: 10,
    maxBytes: undefined,
    newLogId: () => randomBytes(16),
    checkpoints: { everyRecords: 8, everyMs: 3_600_000, file: join(folder, 'checkpoints.jsonl') },
    key,
    nowUs: () => (nowUs += 1_000_000),
  })
  assert.ok(engine.recover())
  for (let at = 0; at < RECORDS; at++) {
    engine.commit([toBinary(AppendRequestSchema, create(AppendRequestSchema, { records: [samples.entry().record] }))])
  }
  engine.stop()
})
after(() => rmSync(folder, { recursive: true }))

function secondFile(): Checkpoint[] {
  const lines = readFileSync(join(folder, 'checkpoints.jsonl'), 'utf8').trim().split('\n')
  return lines.flatMap((line) => {
    const parsed = parseExportLine(line)
    return parsed?.kind === 'checkpoint' ? [parsed.checkpoint] : []
  })
}

/** What verification says of a copy of the log that was tampered with. */
async function afterTampering(
  tamper: (database: DatabaseSync) => void,
  otherCheckpoints: readonly Checkpoint[] = [],
): Promise<ChainReport> {
  copies++
  const file = join(folder, `copy-${copies}.db`)
  copyFileSync(join(folder, 'log.db'), file)
  const database = new DatabaseSync(file)
  tamper(database)
  database.close()
  const reader = new LogReader(file)
  const report = await verifyChain(reader, { publicKeys: [key.publicKey], otherCheckpoints })
  reader.close()
  return report
}

const found = (report: ChainReport): string[] => report.findings.map(({ sequence, code }) => `${sequence} ${code}`)

/** What an attacker who knows the scheme, but has no key, would do to hide a change. */
function chainAgain(database: DatabaseSync, from: number): void {
  const hasher = new RecordHasher()
  const rows = database
    .prepare('SELECT sequence, committed_at_us, hash, record FROM record WHERE sequence >= ? ORDER BY sequence')
    .all(from - 1)
  let previous = rows[0]!['hash'] as Uint8Array
  for (const row of rows.slice(1)) {
    previous = hasher.hashOf(Number(row['sequence']), Number(row['committed_at_us']), previous, row['record'] as Uint8Array)
    database.prepare('UPDATE record SET hash = ? WHERE sequence = ?').run(previous, row['sequence']!)
  }
}

describe('verify: the store', () => {
  test('an untouched log is intact and signed to its end', async () => {
    const report = await afterTampering(() => {}, secondFile())
    assert.deepEqual(
      { ...report, headHash: report.headHash.length },
      { isIntact: true, checked: RECORDS, headSequence: RECORDS, headHash: 32, signedSequence: RECORDS, findings: [] },
    )
  })

  const cases: readonly [name: string, sql: string, expected: readonly string[]][] = [
    ['a record altered', "UPDATE record SET record = CAST(record || x'00' AS BLOB) WHERE sequence = 5", ['5 GH-ARCHIVE-ALTERED']],
    ['a hash altered', 'UPDATE record SET hash = zeroblob(32) WHERE sequence = 5', ['5 GH-ARCHIVE-ALTERED', '6 GH-ARCHIVE-ALTERED']],
    ['a record deleted', 'DELETE FROM record WHERE sequence = 5', ['5 GH-ARCHIVE-GAP']],
    ['several deleted', 'DELETE FROM record WHERE sequence BETWEEN 5 AND 9', ['5 GH-ARCHIVE-GAP']],
    [
      'a record deleted and the rest moved up',
      'DELETE FROM record WHERE sequence = 18; UPDATE record SET sequence = 18 WHERE sequence = 19; UPDATE record SET sequence = 19 WHERE sequence = 20',
      ['18 GH-ARCHIVE-ALTERED', '19 GH-ARCHIVE-ALTERED', '20 GH-ARCHIVE-TRUNCATED'],
    ],
    [
      'two records exchanged',
      'UPDATE record SET sequence = 99 WHERE sequence = 5; UPDATE record SET sequence = 5 WHERE sequence = 6; UPDATE record SET sequence = 6 WHERE sequence = 99',
      ['5 GH-ARCHIVE-ALTERED', '6 GH-ARCHIVE-BACKDATED', '6 GH-ARCHIVE-ALTERED', '7 GH-ARCHIVE-ALTERED'],
    ],
    [
      'a record dated back',
      'UPDATE record SET committed_at_us = committed_at_us - 3600000000 WHERE sequence = 5',
      ['5 GH-ARCHIVE-BACKDATED', '5 GH-ARCHIVE-ALTERED'],
    ],
    ['the end cut off', 'DELETE FROM record WHERE sequence > 17', ['18 GH-ARCHIVE-TRUNCATED']],
    ['everything deleted', 'DELETE FROM record', ['1 GH-ARCHIVE-TRUNCATED']],
    ['a checkpoint altered', 'UPDATE checkpoint SET hash = zeroblob(32) WHERE sequence = 8', ['8 GH-ARCHIVE-CHECKPOINT-FORGED']],
    ['all checkpoints deleted', 'DELETE FROM checkpoint', ['20 GH-ARCHIVE-NO-CHECKPOINT']],
  ]
  for (const [name, sql, expected] of cases) {
    test(`finds: ${name}`, async () => {
      const report = await afterTampering((database) => database.exec(sql))
      assert.deepEqual(found(report), expected)
      assert.equal(report.isIntact, false)
    })
  }

  test('finds: a record altered and the chain made again', async () => {
    const report = await afterTampering((database) => {
      database.exec("UPDATE record SET record = CAST(record || x'00' AS BLOB) WHERE sequence = 10")
      chainAgain(database, 10)
    })
    assert.deepEqual(found(report), ['16 GH-ARCHIVE-REWRITTEN', '20 GH-ARCHIVE-REWRITTEN'])
    assert.equal(report.signedSequence, 8)
  })

  test('finds: a record put in between and the chain made again', async () => {
    const report = await afterTampering((database) => {
      database.exec(
        'UPDATE record SET sequence = -sequence WHERE sequence > 10; UPDATE record SET sequence = 1 - sequence WHERE sequence < 0',
      )
      database.exec('INSERT INTO record SELECT 11, committed_at_us, hash, record FROM record WHERE sequence = 3')
      chainAgain(database, 11)
    })
    assert.ok(found(report).includes('16 GH-ARCHIVE-REWRITTEN'))
  })

  test('finds: the end and its checkpoints cut off, by the second checkpoint file', async () => {
    const cut = (database: DatabaseSync): void =>
      database.exec('DELETE FROM record WHERE sequence > 9; DELETE FROM checkpoint WHERE sequence > 9')
    assert.deepEqual(found(await afterTampering(cut)), [], 'the store alone cannot tell')
    assert.deepEqual(found(await afterTampering(cut, secondFile())), ['10 GH-ARCHIVE-TRUNCATED'])
  })

  test('finds: checkpoints signed with another key', async () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const report = await afterTampering((database) => {
      const row = database.prepare('SELECT hash FROM record WHERE sequence = 20').get()
      const forged = signCheckpoint(20, row!['hash'] as Uint8Array, 1, privateKey, key.keyId)
      database.prepare('UPDATE checkpoint SET signature = ?, signed_at_us = 1 WHERE sequence = 20').run(forged.signature)
    })
    assert.deepEqual(found(report), ['20 GH-ARCHIVE-CHECKPOINT-FORGED'])
  })

  test('a part of the log can be checked for itself', async () => {
    const reader = new LogReader(join(folder, 'log.db'))
    const report = await verifyChain(reader, { publicKeys: [key.publicKey], fromSequence: 5, toSequence: 12 })
    assert.deepEqual([report.isIntact, report.checked, report.headSequence, report.signedSequence], [true, 8, 12, 8])
    reader.close()
  })
})

async function exportLines(): Promise<string[]> {
  const reader = new LogReader(join(folder, 'log.db'))
  const lines: string[] = []
  for (let sequence = 1; sequence <= RECORDS; sequence++) {
    lines.push(recordLine((await reader.stored(sequence))!))
    for (const checkpoint of reader.checkpoints(sequence - 1, sequence)) lines.push(checkpointLine(checkpoint))
  }
  reader.close()
  return lines
}

async function checkLines(lines: readonly string[], otherCheckpoints: readonly Checkpoint[] = []): Promise<ChainReport> {
  async function* read(): AsyncIterable<string> {
    yield* lines
  }
  return await verifyExport(read, { publicKeys: [key.publicKey], otherCheckpoints })
}

/** Lines 0…19 are records, a checkpoint stands behind the 8th, 16th and 20th. */
const sequenceOf = (line: string): number => (JSON.parse(line) as { record?: { sequence: number } }).record?.sequence ?? 0

function edit(line: string, change: (record: Record<string, unknown>) => void): string {
  const parsed = JSON.parse(line) as { record: Record<string, unknown> }
  change(parsed.record)
  return JSON.stringify(parsed)
}

describe('verify: an export', () => {
  test('an untouched export is intact, whole or from the middle', async () => {
    const lines = await exportLines()
    assert.equal(lines.length, RECORDS + 3)
    const report = await checkLines(lines, secondFile())
    assert.deepEqual([report.isIntact, report.checked, report.signedSequence], [true, RECORDS, RECORDS])
    const part = await checkLines(lines.slice(5))
    assert.deepEqual([part.isIntact, part.checked], [true, RECORDS - 5])
  })

  test('finds alteration, deletion, reordering, back-dating, truncation and what is no line', async () => {
    const lines = await exportLines()
    const at = (sequence: number): number => lines.findIndex((line) => sequenceOf(line) === sequence)
    const changed = (sequence: number, change: (record: Record<string, unknown>) => void): string[] =>
      lines.map((line, index) => (index === at(sequence) ? edit(line, change) : line))
    const altered = changed(5, (record) => (record['record'] = `AAAA${String(record['record'])}`))
    assert.deepEqual(found(await checkLines(altered)), ['5 GH-ARCHIVE-ALTERED'])
    const deleted = lines.filter((_, index) => index !== at(5))
    assert.deepEqual(found(await checkLines(deleted)), ['5 GH-ARCHIVE-GAP'])
    const swapped = lines.with(at(5), lines[at(6)]!).with(at(6), lines[at(5)]!)
    assert.deepEqual(found(await checkLines(swapped)), ['5 GH-ARCHIVE-GAP', '5 GH-ARCHIVE-ORDER'])
    const backdated = changed(5, (record) => (record['committedAtUs'] = Number(record['committedAtUs']) - 3_600_000_000))
    assert.deepEqual(found(await checkLines(backdated)), ['5 GH-ARCHIVE-BACKDATED', '5 GH-ARCHIVE-ALTERED'])
    const truncated = lines.filter((line) => sequenceOf(line) <= 18)
    assert.deepEqual(found(await checkLines(truncated)), ['19 GH-ARCHIVE-TRUNCATED'])
    const cut = lines.slice(0, at(17))
    assert.deepEqual(found(await checkLines(cut, secondFile())), ['17 GH-ARCHIVE-TRUNCATED'])
    const broken = lines.with(at(5), lines[at(5)]!.slice(0, 40))
    assert.deepEqual(found(await checkLines(broken)), ['0 GH-ARCHIVE-UNREADABLE', '5 GH-ARCHIVE-GAP'])
    assert.deepEqual(found(await checkLines(lines.filter((line) => sequenceOf(line) > 0))), ['20 GH-ARCHIVE-NO-CHECKPOINT'])
  })
})
