import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { RECORD_TYPE, type RecordFields, scanRecord } from '../append/record-fields.ts'
import { searchAddress, searchDomain } from '../append/search-address.ts'
import { dayMark, dayNumber, VALUE_RANGE, valueOfKey, valueOfText } from './day-marks.ts'
import { NamesBook } from './names-book.ts'

interface Waiting {
  readonly sequence: number
  readonly committedAtUs: number
  readonly fields: RecordFields
}

/** Found before: the same message again (its sequence), or another message under a used id. */
export type Earlier = { readonly sequence: number } | 'id-reused' | undefined

const PAGE_RECORDS = 1000

/**
 * The tables that make the log searchable. A record is indexed some time after its commit, many at once: an index page
 * that was touched by a hundred records is then written once, and the commit that a sender waits for only appends.
 * What waits is known here, so that nothing is recorded twice; after a crash it is read from the log again.
 */
export class EntryIndex {
  readonly #database: DatabaseSync
  readonly #insertEntry: StatementSync
  readonly #insertOutcome: StatementSync
  readonly #insertBucket: StatementSync
  readonly #setMeta: StatementSync
  readonly #names: NamesBook
  readonly #byKey: StatementSync
  readonly #record: StatementSync
  readonly #byEnvelope: StatementSync
  readonly #byOutcome: StatementSync
  readonly #sameOutcomes: StatementSync
  readonly #keys = new Map<string, number>()
  readonly #envelopes = new Set<string>()
  #greatestEnvelope: string
  #greatestOutcomeAtUs: number
  #waiting: Waiting[] = []
  #indexedSequence: number

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#insertEntry = database.prepare('INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    this.#insertOutcome = database.prepare('INSERT INTO outcome VALUES (?, ?, ?, ?)')
    this.#insertBucket = database.prepare('INSERT INTO outcome_bucket VALUES (?, ?)')
    this.#setMeta = database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)')
    this.#names = new NamesBook(database)
    this.#byKey = database.prepare('SELECT sequence FROM entry WHERE key_mark = ?')
    this.#record = database.prepare('SELECT record FROM record WHERE sequence = ?')
    this.#byEnvelope = database.prepare('SELECT sequence FROM entry WHERE envelope_id = ?')
    this.#byOutcome = database.prepare('SELECT sequence FROM outcome WHERE envelope_id = ? AND at_us = ? AND status = ?')
    this.#sameOutcomes = database.prepare(
      'SELECT sequence FROM outcome_bucket JOIN record USING (sequence) WHERE bucket = ? AND record = ?',
    )
    const row = database.prepare("SELECT value FROM meta WHERE name = 'indexed_sequence'").get()
    this.#indexedSequence = Number(row?.['value'] ?? 0)
    const greatest = database.prepare('SELECT max(envelope_id) AS id FROM entry').get()?.['id']
    this.#greatestEnvelope = greatest instanceof Uint8Array ? wordOf(greatest) : ''
    this.#greatestOutcomeAtUs = Number(
      database.prepare("SELECT value FROM meta WHERE name = 'greatest_outcome_at_us'").get()?.['value'] ?? 0,
    )
    this.#readWaiting()
  }

  get waitingCount(): number {
    return this.#waiting.length
  }

  /** Whether a record that comes now is in the log already: one with its key from today or the day before, or with its id at any time. */
  earlier(fields: RecordFields, record: Uint8Array, nowUs: number): Earlier {
    if (fields.type === RECORD_TYPE.access) return undefined
    const waiting = this.#keys.get(keyOf(fields))
    if (waiting !== undefined) return { sequence: waiting }
    if (fields.type === RECORD_TYPE.entry) return this.#earlierEntry(fields, nowUs)
    return fields.type === RECORD_TYPE.outcome ? this.#earlierOutcome(fields) : this.#earlierOutcomes(fields, record)
  }

  add(sequence: number, committedAtUs: number, fields: RecordFields): void {
    this.#waiting.push({ sequence, committedAtUs, fields })
    if (fields.type === RECORD_TYPE.access) return
    this.#keys.set(keyOf(fields), sequence)
    if (fields.type === RECORD_TYPE.entry) this.#envelopes.add(fields.envelopeId)
  }

  /** Indexes the first `most` of what waits, in one transaction. Throws what SQLite throws. */
  flush(most: number = Number.POSITIVE_INFINITY): void {
    const slice = this.#waiting.length <= most ? this.#waiting : this.#waiting.slice(0, most)
    const last = slice.at(-1)
    if (last === undefined) return
    // Derived from the log, so nobody waits for the disk: it is there with the next commit, or made again.
    this.#database.exec('PRAGMA synchronous = NORMAL')
    try {
      this.#write(slice, last.sequence)
    } finally {
      // What failed half-way; where SQLite has rolled back by itself there is nothing to do.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      this.#database.exec('PRAGMA synchronous = FULL')
    }
    this.#indexedSequence = last.sequence
    this.#forget(slice)
  }

  #write(slice: readonly Waiting[], lastSequence: number): void {
    this.#database.exec('BEGIN IMMEDIATE')
    this.#names.refresh()
    for (const { sequence, committedAtUs, fields } of slice) {
      if (fields.type === RECORD_TYPE.entry) this.#writeEntry(sequence, dayNumber(committedAtUs), fields)
      else if (fields.type === RECORD_TYPE.outcome) this.#writeOutcome(sequence, fields)
      else for (const bucket of fields.buckets) this.#insertBucket.run(bucket, sequence)
    }
    this.#setMeta.run('indexed_sequence', lastSequence)
    this.#setMeta.run('greatest_outcome_at_us', this.#greatestOutcomeAtUs)
    this.#database.exec('COMMIT')
  }

  #forget(slice: readonly Waiting[]): void {
    if (slice.length === this.#waiting.length) {
      this.#waiting = []
      this.#keys.clear()
      this.#envelopes.clear()
      return
    }
    this.#waiting = this.#waiting.slice(slice.length)
    for (const { fields } of slice) {
      if (fields.type === RECORD_TYPE.access) continue
      this.#keys.delete(keyOf(fields))
      this.#envelopes.delete(fields.envelopeId)
    }
  }

  #earlierEntry(fields: RecordFields, nowUs: number): Earlier {
    const today = dayMark(dayNumber(nowUs), valueOfKey(fields.idempotencyKey))
    const earlier = this.#ofMark(today, fields) ?? this.#ofMark(today - VALUE_RANGE, fields)
    if (earlier !== undefined) return { sequence: earlier }
    const word = fields.envelopeId
    if (this.#envelopes.has(word)) return 'id-reused'
    // Ids begin with their time: one beyond all that are indexed, as nearly every new one is, needs no look-up.
    if (word > this.#greatestEnvelope) return undefined
    const same = this.#byEnvelope.get(bytesOf(word))
    if (same === undefined) return undefined
    const sequence = Number(same['sequence'])
    return this.#isOfKey(sequence, fields) ? { sequence } : 'id-reused'
  }

  /** Sequence of an entry with this mark and, as the mark is only a part of it, this key. */
  #ofMark(mark: number, fields: RecordFields): number | undefined {
    if (this.#byKey.get(mark) === undefined) return undefined
    const sequences = this.#byKey.all(mark).map((row) => Number(row['sequence']))
    return sequences.find((sequence) => this.#isOfKey(sequence, fields))
  }

  #isOfKey(sequence: number, { idempotencyKey }: RecordFields): boolean {
    const row = this.#record.get(sequence)
    return row !== undefined && scanRecord(row['record'] as Uint8Array)?.idempotencyKey === idempotencyKey
  }

  #earlierOutcome(fields: RecordFields): Earlier {
    if (fields.atUs > this.#greatestOutcomeAtUs) return undefined
    const row = this.#byOutcome.get(bytesOf(fields.envelopeId), fields.atUs, fields.status)
    return row === undefined ? undefined : { sequence: Number(row['sequence']) }
  }

  #earlierOutcomes(fields: RecordFields, record: Uint8Array): Earlier {
    const row = this.#sameOutcomes.get(fields.buckets[0]!, record)
    return row === undefined ? undefined : { sequence: Number(row['sequence']) }
  }

  #writeEntry(sequence: number, day: number, fields: RecordFields): void {
    if (fields.envelopeId > this.#greatestEnvelope) this.#greatestEnvelope = fields.envelopeId
    const [from, to] = [searchAddress(fields.fromAddress), searchAddress(fields.toAddress)]
    this.#insertEntry.run(
      sequence,
      bytesOf(fields.envelopeId),
      dayMark(day, valueOfKey(fields.idempotencyKey)),
      dayMark(day, this.#names.addressId(from)),
      dayMark(day, this.#names.addressId(to)),
      dayMark(day, this.#names.pairId(searchDomain(from), searchDomain(to))),
      dayMark(day, valueOfText(fields.conversation)),
      fields.atUs,
      fields.kind,
      fields.verdict,
      fields.mark,
      fields.keyId,
    )
  }

  #writeOutcome(sequence: number, fields: RecordFields): void {
    this.#insertOutcome.run(bytesOf(fields.envelopeId), sequence, fields.atUs, fields.status)
    if (fields.atUs > this.#greatestOutcomeAtUs) this.#greatestOutcomeAtUs = fields.atUs
  }

  #readWaiting(): void {
    const page = this.#database.prepare('SELECT sequence, committed_at_us, record FROM record WHERE sequence > ? ORDER BY sequence LIMIT ?')
    for (let after = this.#indexedSequence; ; ) {
      const rows = page.all(after, PAGE_RECORDS)
      for (const row of rows) {
        const fields = scanRecord(row['record'] as Uint8Array)
        after = Number(row['sequence'])
        if (fields !== undefined) this.add(after, Number(row['committed_at_us']), fields)
      }
      if (rows.length < PAGE_RECORDS) break
      this.flush()
    }
  }
}

function wordOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function bytesOf(word: string): Uint8Array {
  return Buffer.from(word, 'latin1')
}

function keyOf(fields: RecordFields): string {
  return fields.type === RECORD_TYPE.entry ? fields.idempotencyKey : `${fields.envelopeId}${fields.atUs} ${fields.status} ${fields.count}`
}
