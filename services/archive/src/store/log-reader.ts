import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { CompiledQuery } from 'kysely'
import { searchAddress } from '../append/search-address.ts'
import type { Checkpoint } from '../chain/checkpoint.ts'
import { genesisHash } from '../chain/record-hash.ts'
import { archiveError } from '../errors.ts'
import type { Hold } from '../seal/key-vault.ts'
import { dayNumber, VALUE_RANGE, valueOfText } from './day-marks.ts'
import { type EntryPage, entryPage } from './entry-page.ts'
import { IndexRowReader } from './index-row-reader.ts'
import { sqliteQueries } from './index-tables.ts'
import type { IndexRow, LogRecord, LogSource, StoredLogRecord } from './log-source.ts'
import { SCHEMA_VERSION, schemaVersion } from './migrations.ts'
import { OutcomeReader, type RecordedOutcome } from './outcome-reader.ts'
import { MOST_COMMIT_DELAY_US, type SearchTerms, searchLog } from './search-log.ts'

/** A log in SQLite. */
export class LogReader implements LogSource {
  readonly queries = sqliteQueries
  readonly #database: DatabaseSync
  readonly #page: StatementSync
  readonly #entries: StatementSync
  readonly #one: StatementSync
  readonly #hash: StatementSync
  readonly #envelope: StatementSync
  readonly #outcomes: OutcomeReader
  /** 16 random bytes that the chain begins with. */
  readonly logId: Uint8Array
  #index: IndexRowReader | undefined

  /** Throws what SQLite throws, or GH-ARCHIVE-SCHEMA-NEWER. */
  constructor(file: string, busyTimeoutMs = 1000) {
    this.#database = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs })
    try {
      const version = schemaVersion(this.#database)
      if (version > SCHEMA_VERSION) {
        throw archiveError('GH-ARCHIVE-SCHEMA-NEWER', `its schema is ${version}, this version knows ${SCHEMA_VERSION}.`)
      }
      this.#page = this.#database.prepare(
        'SELECT sequence, committed_at_us, hash, record FROM record WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?',
      )
      this.#page.setReturnArrays(true)
      this.#entries = this.#database.prepare(
        'SELECT sequence, record FROM record WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?',
      )
      this.#entries.setReturnArrays(true)
      this.#one = this.#database.prepare('SELECT sequence, committed_at_us, hash, record FROM record WHERE sequence = ?')
      this.#hash = this.#database.prepare('SELECT hash FROM record WHERE sequence = ?')
      this.#envelope = this.#database.prepare('SELECT envelope_id FROM entry WHERE sequence = ?')
      this.#outcomes = new OutcomeReader(this.#database, version)
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
    const rows = this.#page.all(after, upTo, limit) as unknown as readonly [number, number, Uint8Array, Uint8Array][]
    return rows.map(([sequence, committedAtUs, hash, record]) => ({ sequence, committedAtUs, hash, record }))
  }

  entries(after: number, upTo: number, limit: number, maxBytes: number): EntryPage | undefined {
    return entryPage(this.#entries.iterate(after, upTo, limit) as unknown as Iterable<readonly [number, Uint8Array]>, after, maxBytes)
  }

  /** The record at a sequence, for handing out. */
  stored(sequence: number): StoredLogRecord | undefined {
    const row = this.#one.get(sequence)
    if (row === undefined) return undefined
    return {
      sequence,
      committedAtUs: Number(row['committed_at_us']),
      hash: row['hash'] as Uint8Array,
      record: row['record'] as Uint8Array,
      previousHash: this.hashBefore(sequence),
      outcomeStatus: this.#outcomeStatus(sequence),
    }
  }

  storedAll(sequences: readonly number[]): StoredLogRecord[] {
    return sequences.flatMap((sequence) => this.stored(sequence) ?? [])
  }

  hashBefore(sequence: number): Uint8Array {
    if (sequence <= 1) return this.genesis()
    return (this.#hash.get(sequence - 1)?.['hash'] as Uint8Array | undefined) ?? new Uint8Array()
  }

  sequenceOfEnvelope(envelopeId: Uint8Array): number | undefined {
    const row = this.#database.prepare('SELECT sequence FROM entry WHERE envelope_id = ?').get(envelopeId)
    return row === undefined ? undefined : Number(row['sequence'])
  }

  /** What became of a message, in the order of the log. */
  outcomesOf(envelopeId: Uint8Array): RecordedOutcome[] {
    return this.#outcomes.outcomesOf(envelopeId)
  }

  /** Sequences of matching entries, newest first; give the last one of a full page as `beforeSequence` of the next. */
  search(terms: SearchTerms, limit: number): Promise<number[]> {
    return searchLog(this, terms, limit)
  }

  numbers({ sql, parameters }: CompiledQuery): number[] {
    const statement = this.#database.prepare(sql)
    statement.setReturnArrays(true)
    return (statement.all(...(parameters as (string | number)[])) as unknown as readonly (readonly [number])[]).map(([value]) => value)
  }

  dayOf(sequence: number): number {
    return dayNumber(Number(this.#one.get(sequence)?.['committed_at_us'] ?? 0))
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

  indexedSequence(): number {
    return Number(this.#database.prepare("SELECT value FROM meta WHERE name = 'indexed_sequence'").get()?.['value'] ?? 0)
  }

  indexRows(after: number, upTo: number): IndexRow[] {
    this.#index ??= new IndexRowReader(this.#database)
    return this.#index.rows(after, upTo)
  }

  /** Whether a hold protects an entry that is sealed with a key. */
  hasEntryUnder(keyId: number, hold: Hold): boolean {
    const where = ['key_id = ?']
    const values: (string | number)[] = [keyId]
    const add = (condition: string, ...given: readonly (string | number)[]): void => {
      where.push(condition)
      values.push(...given)
    }
    const addresses = 'SELECT id FROM address WHERE address = ?'
    const user = searchAddress(hold.user)
    if (hold.user !== '') add(`(from_mark % ${VALUE_RANGE} IN (${addresses}) OR to_mark % ${VALUE_RANGE} IN (${addresses}))`, user, user)
    const pairs = 'SELECT id FROM domain_pair WHERE from_domain = ? OR to_domain = ?'
    const domain = hold.domain.toLowerCase()
    if (hold.domain !== '') add(`domains_mark % ${VALUE_RANGE} IN (${pairs})`, domain, domain)
    // Of another conversation with the same number a hold protects too much, never too little.
    if (hold.conversation !== '') add(`conversation_mark % ${VALUE_RANGE} = ?`, valueOfText(hold.conversation))
    if (hold.sinceUs > 0) add('at_us >= ?', hold.sinceUs)
    if (hold.untilUs > 0) add('at_us < ?', hold.untilUs)
    return this.#database.prepare(`SELECT 1 FROM entry WHERE ${where.join(' AND ')} LIMIT 1`).get(...values) !== undefined
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
    this.#database.close()
  }

  #outcomeStatus(sequence: number): number {
    const envelopeId = this.#envelope.get(sequence)?.['envelope_id'] as Uint8Array | undefined
    return envelopeId === undefined ? 0 : (this.#outcomes.outcomesOf(envelopeId).at(-1)?.status ?? 0)
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
