import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { AppendReplySchema, AppendRequestSchema, type AppendResult } from '@gatehouse/proto'
import { loadSigningKey, type SigningKey } from '../chain/signing-key.ts'
import { SampleRecords } from '../sample-records.ts'
import { LogReader } from '../store/log-reader.ts'
import { verifyChain } from '../verify/verify-store.ts'
import { CommitEngine, type CommitEngineOptions } from './commit-engine.ts'

let folder = ''
let key: SigningKey
let files = 0
const samples = new SampleRecords()

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-archive-'))
  key = loadSigningKey(join(folder, 'key'))
})
after(() => rmSync(folder, { recursive: true }))

function optionsFor(file: string, more: Partial<CommitEngineOptions> = {}): CommitEngineOptions {
  return {
    file,
    busyTimeoutMs: 10,
    maxBytes: undefined,
    newLogId: () => randomBytes(16),
    checkpoints: { everyRecords: 1000, everyMs: 60_000, file: undefined },
    key,
    nowUs: () => Date.now() * 1000,
    ...more,
  }
}

function newFile(): string {
  files++
  return join(folder, `log-${files}.db`)
}

function append(engine: CommitEngine, ...records: Uint8Array[]): AppendResult[] {
  const request = toBinary(AppendRequestSchema, create(AppendRequestSchema, { records }))
  return fromBinary(AppendReplySchema, engine.commit([request])[0]!).results
}

const shown = (results: readonly AppendResult[]): unknown[] =>
  results.map(({ sequence, duplicate, refusal }) => (refusal === '' ? `${sequence}${duplicate ? ' again' : ''}` : refusal))

describe('commit engine', () => {
  test('several requests are one transaction, each with its own answer, in order', () => {
    const engine = new CommitEngine(optionsFor(newFile()))
    assert.ok(engine.recover())
    const requests = [2, 0, 3].map((count) =>
      toBinary(AppendRequestSchema, create(AppendRequestSchema, { records: Array.from({ length: count }, () => samples.entry().record) })),
    )
    const replies = engine.commit(requests).map((reply) => shown(fromBinary(AppendReplySchema, reply).results))
    assert.deepEqual(replies, [['1', '2'], [], ['3', '4', '5']])
    assert.equal(engine.state().commits, 1)
    engine.stop()
  })

  test('a retry is recorded once: in the same batch, in the next, after indexing and after a restart', () => {
    const file = newFile()
    const engine = new CommitEngine(optionsFor(file))
    engine.recover()
    const { record, id } = samples.entry()
    const outcome = samples.outcome(id)
    const outcomes = samples.outcomes([id, samples.entry().id])
    assert.deepEqual(shown(append(engine, record, record, outcome, outcome, outcomes)), ['1', '1 again', '2', '2 again', '3'])
    assert.deepEqual(shown(append(engine, record, outcome, outcomes)), ['1 again', '2 again', '3 again'])
    engine.index()
    assert.deepEqual(shown(append(engine, record, outcome, outcomes)), ['1 again', '2 again', '3 again'])
    engine.stop()
    const next = new CommitEngine(optionsFor(file))
    next.recover()
    assert.deepEqual(shown(append(next, record, outcome, outcomes, samples.entry().record)), ['1 again', '2 again', '3 again', '4'])
    next.stop()
  })

  test('another message under a used envelope id is refused, indexed or not', () => {
    const engine = new CommitEngine(optionsFor(newFile()))
    engine.recover()
    const { record, id } = samples.entry()
    append(engine, record)
    assert.deepEqual(shown(append(engine, samples.entry({ id }).record, samples.entry().record)), ['GH-ARCHIVE-ID-REUSED', '2'])
    engine.index()
    assert.deepEqual(shown(append(engine, samples.entry({ id }).record)), ['GH-ARCHIVE-ID-REUSED'])
    engine.stop()
  })

  test('what is no record is refused, and the rest of its batch is committed', () => {
    const engine = new CommitEngine(optionsFor(newFile()))
    engine.recover()
    const { record } = samples.entry()
    const broken = [
      new Uint8Array(),
      new Uint8Array([0xff]),
      record.subarray(0, record.length - 3),
      samples.entry({ id: new Uint8Array(3) }).record,
    ]
    assert.deepEqual(shown(append(engine, ...broken, record)), [...broken.map(() => 'GH-ARCHIVE-MALFORMED'), '1'])
    assert.deepEqual(
      engine.commit([new Uint8Array([0xff])]).map((reply) => reply.length),
      [0],
    )
    engine.stop()
  })

  test('time in the log never runs backwards', () => {
    const file = newFile()
    let nowUs = 2_000_000
    const engine = new CommitEngine(optionsFor(file, { nowUs: () => nowUs }))
    engine.recover()
    append(engine, samples.entry().record)
    nowUs = 1_000_000
    append(engine, samples.entry().record)
    engine.stop()
    const reader = new LogReader(file)
    assert.deepEqual(
      reader.page(0, 10, 10).map((record) => record.committedAtUs),
      [2_000_000, 2_000_000],
    )
    reader.close()
  })

  test('checkpoints are signed after so many records, after a time and at the end, and copied to the second file', async () => {
    let nowUs = 1_000_000
    const copy = join(folder, 'checkpoints.jsonl')
    const file = newFile()
    const engine = new CommitEngine(optionsFor(file, { nowUs: () => nowUs, checkpoints: { everyRecords: 2, everyMs: 1000, file: copy } }))
    engine.recover()
    append(engine, samples.entry().record, samples.entry().record)
    append(engine, samples.entry().record)
    engine.tick()
    nowUs += 1_000_000
    engine.tick()
    engine.tick()
    append(engine, samples.entry().record)
    engine.stop()
    const reader = new LogReader(file)
    assert.deepEqual(
      reader.checkpoints(0, 100).map(({ sequence }) => sequence),
      [2, 3, 4],
    )
    assert.equal(readFileSync(copy, 'utf8').trim().split('\n').length, 3)
    assert.ok((await verifyChain(reader, { publicKeys: [key.publicKey] })).isIntact)
    reader.close()
  })

  test('a second checkpoint file that cannot be written is said, and does not stop the archive', () => {
    const engine = new CommitEngine(
      optionsFor(newFile(), { checkpoints: { everyRecords: 1, everyMs: 1000, file: join(folder, 'none', 'x') } }),
    )
    engine.recover()
    append(engine, samples.entry().record)
    assert.match(engine.state().checkpointTrouble, /ENOENT/)
    assert.ok(engine.isAccepting)
    engine.stop()
  })
})

describe('commit engine: failures', () => {
  test('a file that another process holds is refused as locked, and goes on by itself', () => {
    const file = newFile()
    const engine = new CommitEngine(optionsFor(file))
    engine.recover()
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    const { record } = samples.entry()
    assert.deepEqual(shown(append(engine, record, samples.entry().record)), ['GH-ARCHIVE-LOCKED', 'GH-ARCHIVE-LOCKED'])
    assert.equal(engine.isAccepting, false)
    assert.equal(engine.recover(), false)
    assert.deepEqual(shown(append(engine, record)), ['GH-ARCHIVE-LOCKED'])
    other.exec('ROLLBACK')
    other.close()
    assert.ok(engine.recover())
    assert.deepEqual(shown(append(engine, record)), ['1'])
    engine.stop()
  })

  test('a full disk refuses, keeps what was acknowledged, and goes on when there is room', async () => {
    const file = newFile()
    const small = new CommitEngine(optionsFor(file, { maxBytes: 60 * 4096 }))
    small.recover()
    const { record } = samples.entry()
    append(small, record)
    const body = new Uint8Array(200_000)
    const results = [append(small, samples.entry({ body }).record), append(small, samples.entry({ body }).record)].flat()
    assert.equal(shown(results).at(-1), 'GH-ARCHIVE-DISK-FULL')
    assert.equal(small.isAccepting, false)
    small.stop()
    const engine = new CommitEngine(optionsFor(file))
    assert.ok(engine.recover())
    assert.deepEqual(shown(append(engine, record)), ['1 again'])
    engine.stop()
    const reader = new LogReader(file)
    assert.ok((await verifyChain(reader, { publicKeys: [key.publicKey] })).isIntact)
    reader.close()
  })

  test('a file that may not be written is refused as read-only', (t) => {
    const file = newFile()
    const engine = new CommitEngine(optionsFor(file))
    engine.recover()
    append(engine, samples.entry().record)
    engine.stop()
    if (process.getuid?.() === 0) {
      // Root may write any file; a folder that is not there is the same to SQLite.
      const away = new CommitEngine(optionsFor(join(folder, 'missing', 'log.db')))
      assert.equal(away.recover(), false)
      assert.equal(away.state().code, 'GH-ARCHIVE-READ-ONLY')
      t.diagnostic('run as root: tested with a missing folder')
      return
    }
    chmodSync(file, 0o444)
    const again = new CommitEngine(optionsFor(file))
    assert.equal(again.recover(), false)
    assert.equal(again.state().code, 'GH-ARCHIVE-READ-ONLY')
    chmodSync(file, 0o644)
    assert.ok(again.recover())
    again.stop()
  })

  test('a damaged file is refused as corrupt', () => {
    const file = newFile()
    writeFileSync(file, Buffer.alloc(8192, 'not a database '))
    const engine = new CommitEngine(optionsFor(file))
    assert.equal(engine.recover(), false)
    assert.equal(engine.state().code, 'GH-ARCHIVE-CORRUPT')
    assert.deepEqual(shown(append(engine, samples.entry().record)), ['GH-ARCHIVE-CORRUPT'])
    engine.stop()
  })

  test('a page damaged in the middle is refused as corrupt, not built upon', () => {
    const file = newFile()
    const engine = new CommitEngine(optionsFor(file))
    engine.recover()
    for (let at = 0; at < 50; at++) append(engine, samples.entry().record)
    engine.stop()
    const handle = openSync(file, 'r+')
    // The first page holds the schema; everything behind it is overwritten.
    writeSync(handle, Buffer.alloc(40 * 4096, 0x5a), 0, 40 * 4096, 4096)
    closeSync(handle)
    const again = new CommitEngine(optionsFor(file))
    assert.equal(again.recover(), false)
    assert.equal(again.state().code, 'GH-ARCHIVE-CORRUPT')
    again.stop()
  })

  test('a log of a newer schema is refused', () => {
    const file = newFile()
    const database = new DatabaseSync(file)
    database.exec('PRAGMA user_version = 99')
    database.close()
    const engine = new CommitEngine(optionsFor(file))
    assert.equal(engine.recover(), false)
    assert.equal(engine.state().code, 'GH-ARCHIVE-SCHEMA-NEWER')
    engine.stop()
  })

  test('a log whose end was removed or altered is not built upon', () => {
    for (const sql of [
      'DELETE FROM record WHERE sequence = 3',
      "UPDATE record SET record = x'00' WHERE sequence = 2",
      'DELETE FROM record',
    ]) {
      const file = newFile()
      const engine = new CommitEngine(optionsFor(file))
      engine.recover()
      for (let at = 0; at < 3; at++) append(engine, samples.entry().record)
      engine.stop()
      const database = new DatabaseSync(file)
      database.exec(sql)
      database.close()
      const again = new CommitEngine(optionsFor(file))
      assert.equal(again.recover(), false, sql)
      assert.equal(again.state().code, 'GH-ARCHIVE-CHAIN-BROKEN', sql)
      again.stop()
    }
  })

  test('killed at any moment, every acknowledged record is there and the chain is whole', async () => {
    const file = newFile()
    const acknowledged = new Map<string, number>()
    for (const lifeMs of [120, 15, 60, 33]) await runAndKill(file, lifeMs, acknowledged)
    const engine = new CommitEngine(optionsFor(file))
    assert.ok(engine.recover(), engine.state().detail)
    engine.stop()
    const reader = new LogReader(file)
    assert.ok(acknowledged.size > 20, `${acknowledged.size} were acknowledged`)
    for (const [id, sequence] of acknowledged) assert.equal(await reader.sequenceOfEnvelope(Buffer.from(id, 'hex')), sequence)
    const report = await verifyChain(reader, { publicKeys: [key.publicKey] })
    assert.deepEqual(report.findings, [])
    reader.close()
  })
})

/** A process that commits and says so on its output, until it is killed. */
async function runAndKill(file: string, lifeMs: number, acknowledged: Map<string, number>): Promise<void> {
  const program = new URL('./commit-until-killed.ts', import.meta.url)
  const child = spawn(
    process.execPath,
    ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning', program.pathname, file, join(folder, 'key')],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let text = ''
  let isDoomed = false
  child.stdout.on('data', (part: Buffer) => {
    text += part.toString()
    // However slow the machine is: each life has something to lose.
    if (isDoomed || text.split('\n').length < 10) return
    isDoomed = true
    setTimeout(() => child.kill('SIGKILL'), lifeMs)
  })
  await new Promise((resolve) => child.on('close', resolve))
  // The last line may have been cut: a record that was acknowledged without anybody reading it.
  for (const line of text.split('\n').slice(0, -1)) {
    const [id, sequence] = line.split(' ')
    acknowledged.set(id!, Number(sequence))
  }
}
