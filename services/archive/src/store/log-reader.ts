import { Buffer } from 'node:buffer'
import { statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Checkpoint } from '../chain/checkpoint.ts'
import { genesisHash } from '../chain/record-hash.ts'
import { archiveError } from '../errors.ts'
import { LogFinder } from '../index/log-finder.ts'
import { NO_SLICES, type SliceSource } from '../index/slice-source.ts'
import { indexFileOf, openSlices, type SqliteSlices } from '../index/sqlite-slices.ts'
import type { Hold } from '../seal/key-vault.ts'
import { type EntryPage, entryPage } from './entry-page.ts'
import type { LogRecord, LogSource, StoredLogRecord } from './log-source.ts'
import { SCHEMA_VERSION, schemaVersion } from './migrations.ts'
import { MOST_COMMIT_DELAY_US, type SearchTerms, searchLog } from './search-log.ts'
import type { RecordedOutcome } from './told-outcomes.ts'

/** A log in SQLite. */
export class LogReader implements LogSource {
  readonly #file: string
  readonly #busyTimeoutMs: number
  readonly #finder: LogFinder
  readonly #database: DatabaseSync
  readonly #page: StatementSync
  readonly #entries: StatementSync
  readonly #one: StatementSync
  readonly #hash: StatementSync
  /** 16 random bytes that the chain begins with. */
  readonly logId: Uint8Array
  #index: { readonly slices: SqliteSlices; readonly inode: number } | undefined

  /** Throws what SQLite throws, or GH-ARCHIVE-SCHEMA-NEWER. */
  constructor(file: string, busyTimeoutMs = 1000) {
    this.#file = file
    this.#busyTimeoutMs = busyTimeoutMs
    this.#finder = new LogFinder(this, () => this.slices())
    this.#database = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs })
    try {
      const version = schemaVersion(this.#database)
      if (version > SCHEMA_VERSION) {
        throw archiveError('GH-ARCHIVE-SCHEMA-NEWER', `its schema is ${version}, this version knows ${SCHEMA_VERSION}.`)
      }
      this.#page = this.#database.prepare(
        // Both in one value, hash first: each value of bytes that is handed over costs a buffer of its own, which is most of what reading costs.
        `SELECT sequence, committed_at_us, length(hash), CAST(hash || record AS BLOB) FROM record
        WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?`,
      )
      this.#page.setReturnArrays(true)
      this.#entries = this.#database.prepare(
        'SELECT sequence, record FROM record WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?',
      )
      this.#entries.setReturnArrays(true)
      this.#one = this.#database.prepare('SELECT sequence, committed_at_us, hash, record FROM record WHERE sequence = ?')
      this.#hash = this.#database.prepare('SELECT hash FROM record WHERE sequence = ?')
      this.logId = this.#database.prepare("SELECT value FROM meta WHERE name = 'log_id'").get()?.['value'] as Uint8Array
    } catch (thrown) {
      this.#database.close()
      throw thrown
    }
  }

  genesis(): Uint8Array {
    return genesisHash(this.logId)
  }

  /** Sequence of the last record; 0 when there is none. */
  lastSequence(): number {
    return Number(this.#database.prepare('SELECT max(sequence) AS last FROM record').get()?.['last'] ?? 0)
  }

  /** At most `limit` records after one sequence up to another, in order. */
  page(after: number, upTo: number, limit: number): LogRecord[] {
    const rows = this.#page.all(after, upTo, limit) as unknown as readonly [number, number, number, Uint8Array][]
    return rows.map(([sequence, committedAtUs, hashBytes, both]) => ({
      sequence,
      committedAtUs,
      hash: both.subarray(0, hashBytes),
      record: Buffer.from(both.buffer, both.byteOffset + hashBytes, both.byteLength - hashBytes),
    }))
  }

  entries(after: number, upTo: number, limit: number, maxBytes: number): EntryPage | undefined {
    return entryPage(this.#entries.iterate(after, upTo, limit) as unknown as Iterable<readonly [number, Uint8Array]>, after, maxBytes)
  }

  recordsAt(sequences: readonly number[]): LogRecord[] {
    return sequences.flatMap((sequence) => {
      const row = this.#one.get(sequence)
      if (row === undefined) return []
      return {
        sequence,
        committedAtUs: Number(row['committed_at_us']),
        hash: row['hash'] as Uint8Array,
        record: row['record'] as Uint8Array,
      }
    })
  }

  /** The record at a sequence, for handing out. */
  async stored(sequence: number): Promise<StoredLogRecord | undefined> {
    return (await this.#finder.stored([sequence]))[0]
  }

  storedAll(sequences: readonly number[]): Promise<StoredLogRecord[]> {
    return this.#finder.stored(sequences)
  }

  hashesBefore(sequences: readonly number[]): Uint8Array[] {
    return sequences.map((sequence) => this.hashBefore(sequence))
  }

  hashBefore(sequence: number): Uint8Array {
    if (sequence <= 1) return this.genesis()
    return (this.#hash.get(sequence - 1)?.['hash'] as Uint8Array | undefined) ?? new Uint8Array()
  }

  sequenceOfEnvelope(envelopeId: Uint8Array): Promise<number | undefined> {
    return this.#finder.sequenceOfEnvelope(envelopeId)
  }

  /** What became of a message, in the order of the log. */
  async outcomesOf(envelopeId: Uint8Array): Promise<RecordedOutcome[]> {
    return [...(await this.#finder.outcomesOf([envelopeId])).values()].flat()
  }

  /** Sequences of matching entries, newest first; give the last one of a full page as `beforeSequence` of the next. */
  search(terms: SearchTerms, limit: number): Promise<number[]> {
    return searchLog(this, this.#finder, terms, limit)
  }

  /** The index, opened anew where its file is another one now. */
  slices(): SliceSource {
    const file = indexFileOf(this.#file)
    const inode = statSync(file, { throwIfNoEntry: false })?.ino ?? 0
    if (this.#index !== undefined && this.#index.inode !== inode) {
      this.#index.slices.close()
      this.#index = undefined
    }
    if (this.#index === undefined) {
      const slices = openSlices(file, this.logId, this.#busyTimeoutMs)
      if (slices !== undefined) this.#index = { slices, inode }
    }
    return this.#index?.slices ?? NO_SLICES
  }

  checkpoints(after: number, upTo: number): Checkpoint[] {
    const rows = this.#database.prepare('SELECT * FROM checkpoint WHERE sequence > ? AND sequence <= ? ORDER BY sequence').all(after, upTo)
    return rows.map((row) => ({
      sequence: Number(row['sequence']),
      hash: row['hash'] as Uint8Array,
      signedAtUs: Number(row['signed_at_us']),
      keyId: String(row['key_id']),
      signature: row['signature'] as Uint8Array,
      tree:
        Number(row['first_sequence'] ?? 0) === 0
          ? undefined
          : { firstSequence: Number(row['first_sequence']), root: row['root'] as Uint8Array },
    }))
  }

  /** Whether a hold protects an entry that is sealed with a key. */
  hasEntryUnder(keyId: number, hold: Hold): Promise<boolean> {
    return this.#finder.hasEntryUnder(keyId, hold)
  }

  /** The newest checkpoint; undefined when there is none. */
  lastCheckpoint(): Checkpoint | undefined {
    return this.checkpointOver(Number(this.#database.prepare('SELECT max(sequence) AS sequence FROM checkpoint').get()?.['sequence'] ?? 0))
  }

  /** First sequence that may hold a message received at or after a time. */
  firstSequenceOf(receivedUs: number): number {
    return receivedUs > 0 ? this.firstAt(receivedUs - MOST_COMMIT_DELAY_US) : 1
  }

  /** The first checkpoint that signs a record. */
  checkpointOver(sequence: number): Checkpoint | undefined {
    const row = this.#database.prepare('SELECT min(sequence) AS sequence FROM checkpoint WHERE sequence >= ?').get(sequence)
    const at = Number(row?.['sequence'] ?? 0)
    return at === 0 ? undefined : this.checkpoints(at - 1, at)[0]
  }

  /** Record hashes from one sequence to another, in order. */
  hashes(from: number, to: number): Uint8Array[] {
    const rows = this.#database.prepare('SELECT hash FROM record WHERE sequence BETWEEN ? AND ? ORDER BY sequence').all(from, to)
    return rows.map((row) => row['hash'] as Uint8Array)
  }

  close(): void {
    this.#index?.slices.close()
    this.#database.close()
  }

  /** First sequence committed at or after a time; commit times rise with the sequence, so halving finds it. */
  firstAt(us: number): number {
    const at = this.#database.prepare('SELECT committed_at_us FROM record WHERE sequence = ?')
    let low = 1
    let high = this.lastSequence() + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (Number(at.get(middle)?.['committed_at_us'] ?? 0) < us) low = middle + 1
      else high = middle
    }
    return low
  }
}
