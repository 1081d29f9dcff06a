import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { AppendResult } from '../append/append-reply.ts'
import { RECORD_TYPE, type RecordFields, scanRecord } from '../append/record-fields.ts'
import type { Checkpoint, CheckpointTree } from '../chain/checkpoint.ts'
import { TreeGrower } from '../chain/merkle-tree.ts'
import { genesisHash, RecordHasher } from '../chain/record-hash.ts'
import { LogIndexer } from '../index/log-indexer.ts'
import { DirectSink, ThreadSink } from '../index/slice-sink.ts'
import { indexFileOf } from '../index/sqlite-slices.ts'
import { keyStoreFile } from '../seal/body-keys.ts'
import { KeyRing } from '../seal/key-ring.ts'
import { KeyStore } from '../seal/key-store.ts'
import { sealRecord } from '../seal/seal-record.ts'
import { checkTail, type LogHead, TAIL_RECORDS } from './log-tail.ts'
import { migrate } from './migrations.ts'

export interface LogWriterOptions {
  readonly file: string
  /** How long a commit waits for another process that holds the file. */
  readonly busyTimeoutMs: number
  /** The file may not grow beyond it; undefined: as far as the disk goes. */
  readonly maxBytes: number | undefined
  /** 16 random bytes for a log that is made now. */
  readonly newLogId: () => Uint8Array
  /** File with the key-encryption keys; undefined: bodies are kept in clear. */
  readonly encryptionKeyFile?: string | undefined
  /** The index is written in a thread of its own; absent: in the calling one, as it comes to it. */
  readonly hasIndexThread?: boolean
}

const REFUSED_MALFORMED: AppendResult = { sequence: 0, isDuplicate: false, refusal: 'GH-ARCHIVE-MALFORMED' }
const REFUSED_ID: AppendResult = { sequence: 0, isDuplicate: false, refusal: 'GH-ARCHIVE-ID-REUSED' }
const NO_ROOT = new Uint8Array()

/** The one writer of a log in SQLite. Everything is synchronous. */
export class LogWriter {
  readonly #database: DatabaseSync
  readonly #hasher = new RecordHasher()
  /** Over the records since the last checkpoint. */
  readonly #tree = new TreeGrower()
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #insert: StatementSync
  readonly #index: LogIndexer
  readonly #insertCheckpoint: StatementSync
  readonly #keys: KeyStore | undefined
  #head: LogHead

  /** Opens or makes the log. Throws what SQLite throws, GH-ARCHIVE-SCHEMA-NEWER or GH-ARCHIVE-CHAIN-BROKEN. */
  constructor(options: LogWriterOptions) {
    this.#database = new DatabaseSync(options.file, { timeout: options.busyTimeoutMs })
    try {
      // FULL: each commit is on the disk before it is acknowledged. 4096 pages (16 MB) between checkpoints keep those rare.
      this.#database.exec(
        'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -65536;',
      )
      if (options.maxBytes !== undefined) this.#database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(options.maxBytes / 4096))}`)
      migrate(this.#database)
      const logId = this.#logId(options.newLogId)
      this.#head = this.#readHead(genesisHash(logId))
      this.#growTree()
      this.#begin = this.#database.prepare('BEGIN IMMEDIATE')
      this.#commit = this.#database.prepare('COMMIT')
      this.#insert = this.#database.prepare('INSERT INTO record VALUES (?, ?, ?, ?)')
      this.#insertCheckpoint = this.#database.prepare('INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?, ?, ?, ?, ?)')
      const { encryptionKeyFile, file, busyTimeoutMs } = options
      this.#keys =
        encryptionKeyFile === undefined ? undefined : new KeyStore(keyStoreFile(file), KeyRing.read(encryptionKeyFile), busyTimeoutMs)
      const place = { file: indexFileOf(file), logId, busyTimeoutMs }
      this.#index = new LogIndexer(this.#database, this.#head, {
        ...place,
        openSink: (writer) => (options.hasIndexThread === true ? new ThreadSink(place) : new DirectSink(writer)),
      })
    } catch (thrown) {
      this.#database.close()
      throw thrown
    }
  }

  get head(): LogHead {
    return this.#head
  }

  /**
   * Commits the records in one transaction, in order, and answers for each. When it throws, what was committed is unknown and
   * this writer must be closed.
   */
  append(records: readonly Uint8Array[], nowUs: number): AppendResult[] {
    // Time never runs backwards in the log, whatever the clock does.
    const committedAtUs = Math.max(nowUs, this.#head.committedAtUs)
    let head = this.#head
    this.#begin.run()
    try {
      const results: AppendResult[] = []
      this.#keys?.refresh()
      for (const given of records) {
        const sequence = head.sequence + 1
        const fields = scanRecord(given)
        if (fields === undefined) {
          results.push(REFUSED_MALFORMED)
          continue
        }
        const earlier = this.#index.earlier(fields, given, committedAtUs)
        if (earlier !== undefined) {
          results.push(earlier === 'id-reused' ? REFUSED_ID : { sequence: earlier.sequence, isDuplicate: true, refusal: '' })
          continue
        }
        const record = this.#seal(given, fields)
        if (record === undefined) {
          results.push(REFUSED_MALFORMED)
          continue
        }
        const hash = this.#hasher.hashOf(sequence, committedAtUs, head.hash, record)
        this.#insert.run(sequence, committedAtUs, hash, record)
        this.#tree.add(hash)
        this.#index.add(sequence, committedAtUs, fields, hash)
        head = { sequence, hash, committedAtUs }
        results.push({ sequence, isDuplicate: false, refusal: '' })
      }
      // Keys first: a body whose key was lost would be lost.
      this.#keys?.settle()
      this.#commit.run()
      this.#head = head
      return results
    } catch (thrown) {
      this.#rollback()
      this.#keys?.abandon()
      throw thrown
    }
  }

  /** The record as it is kept; undefined when it is not one that a service writes. */
  #seal(record: Uint8Array, fields: RecordFields): Uint8Array | undefined {
    if (fields.type !== RECORD_TYPE.entry) return record
    const keys = this.#keys
    if (keys === undefined) return fields.keyId === 0 ? record : undefined
    return sealRecord(record, fields, (scope) => keys.keyFor(scope))
  }

  /** Tree over the records that no checkpoint signs yet. */
  tree(): CheckpointTree {
    return { firstSequence: this.#head.sequence - this.#tree.size + 1, root: this.#tree.root() }
  }

  /** Hands over to the index what fills a part of it; nobody waits for that. Throws when the index cannot be written. */
  index(): void {
    this.#index.flush()
  }

  /** Whether a write goes through, without leaving anything in the log. */
  probe(nowUs: number): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      this.#database.prepare("INSERT OR REPLACE INTO meta VALUES ('probed_at_us', ?)").run(nowUs)
      this.#database.exec('COMMIT')
    } catch (thrown) {
      this.#rollback()
      throw thrown
    }
  }

  addCheckpoint(checkpoint: Checkpoint): void {
    const { sequence, hash, signedAtUs, keyId, signature, tree } = checkpoint
    this.#insertCheckpoint.run(sequence, hash, signedAtUs, keyId, signature, tree?.firstSequence ?? 0, tree?.root ?? NO_ROOT)
    this.#tree.clear()
  }

  lastCheckpointSequence(): number {
    const row = this.#database.prepare('SELECT max(sequence) AS sequence FROM checkpoint').get() as { sequence: number | null }
    return row.sequence ?? 0
  }

  close(): void {
    this.#index.close()
    this.#keys?.shut()
    this.#database.close()
  }

  #growTree(): void {
    const unsigned = this.#database.prepare('SELECT hash FROM record WHERE sequence > ? ORDER BY sequence')
    for (const row of unsigned.iterate(this.lastCheckpointSequence())) this.#tree.add(row['hash'] as Uint8Array)
  }

  #rollback(): void {
    // SQLite rolls back by itself on some errors; then there is nothing to do.
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
  }

  #logId(newLogId: () => Uint8Array): Uint8Array {
    const read = this.#database.prepare("SELECT value FROM meta WHERE name = 'log_id'")
    const row = read.get()
    if (row !== undefined) return row['value'] as Uint8Array
    const logId = newLogId()
    this.#database.prepare("INSERT INTO meta VALUES ('log_id', ?)").run(logId)
    return logId
  }

  #readHead(genesis: Uint8Array): LogHead {
    const rows = this.#database
      .prepare('SELECT sequence, committed_at_us, hash, record FROM record ORDER BY sequence DESC LIMIT ?')
      .all(TAIL_RECORDS + 1)
      .reverse()
    const tail = rows.map((row) => ({
      sequence: Number(row['sequence']),
      committedAtUs: Number(row['committed_at_us']),
      hash: row['hash'] as Uint8Array,
      record: row['record'] as Uint8Array,
    }))
    return checkTail(tail, genesis, this.lastCheckpointSequence())
  }
}
