import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { RECORD_TYPE, type RecordFields, scanRecord } from '../append/record-fields.ts'
import { searchAddress, searchDomain } from '../append/search-address.ts'

interface Waiting {
  readonly sequence: number
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
  readonly #byKey: StatementSync
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
    this.#insertEntry = database.prepare('INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    this.#insertOutcome = database.prepare('INSERT INTO outcome VALUES (?, ?, ?, ?)')
    this.#insertBucket = database.prepare('INSERT INTO outcome_bucket VALUES (?, ?)')
    this.#setMeta = database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)')
    this.#byKey = database.prepare('SELECT sequence FROM entry WHERE idempotency_key = ?')
    this.#byEnvelope = database.prepare('SELECT 1 FROM entry WHERE envelope_id = ?')
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

  /** Whether a record is in the log already. */
  earlier(fields: RecordFields, record: Uint8Array): Earlier {
    if (fields.type === RECORD_TYPE.access) return undefined
    const waiting = this.#keys.get(keyOf(fields))
    if (waiting !== undefined) return { sequence: waiting }
    if (fields.type === RECORD_TYPE.entry) return this.#earlierEntry(fields)
    return fields.type === RECORD_TYPE.outcome ? this.#earlierOutcome(fields) : this.#earlierOutcomes(fields, record)
  }

  add(sequence: number, fields: RecordFields): void {
    this.#waiting.push({ sequence, fields })
    if (fields.type === RECORD_TYPE.access) return
    this.#keys.set(keyOf(fields), sequence)
    if (fields.type === RECORD_TYPE.entry) this.#envelopes.add(fields.envelopeId)
  }

  /** Indexes everything that waits, in one transaction. Throws what SQLite throws. */
  flush(): void {
    const last = this.#waiting.at(-1)
    if (last === undefined) return
    this.#database.exec('BEGIN IMMEDIATE')
    for (const { sequence, fields } of this.#waiting) {
      if (fields.type === RECORD_TYPE.entry) this.#writeEntry(sequence, fields)
      else if (fields.type === RECORD_TYPE.outcome) this.#writeOutcome(sequence, fields)
      else for (const bucket of fields.buckets) this.#insertBucket.run(bucket, sequence)
    }
    this.#setMeta.run('indexed_sequence', last.sequence)
    this.#setMeta.run('greatest_outcome_at_us', this.#greatestOutcomeAtUs)
    this.#database.exec('COMMIT')
    this.#indexedSequence = last.sequence
    this.#waiting = []
    this.#keys.clear()
    this.#envelopes.clear()
  }

  #earlierEntry(fields: RecordFields): Earlier {
    const row = this.#byKey.get(bytesOf(fields.idempotencyKey))
    if (row !== undefined) return { sequence: Number(row['sequence']) }
    const word = fields.envelopeId
    if (this.#envelopes.has(word)) return 'id-reused'
    // Ids begin with their time: one beyond all that are indexed, as nearly every new one is, needs no look-up.
    if (word > this.#greatestEnvelope) return undefined
    return this.#byEnvelope.get(bytesOf(word)) === undefined ? undefined : 'id-reused'
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

  #writeEntry(sequence: number, fields: RecordFields): void {
    if (fields.envelopeId > this.#greatestEnvelope) this.#greatestEnvelope = fields.envelopeId
    const from = searchAddress(fields.fromAddress)
    const to = searchAddress(fields.toAddress)
    this.#insertEntry.run(
      sequence,
      bytesOf(fields.envelopeId),
      bytesOf(fields.idempotencyKey),
      fields.atUs,
      fields.kind,
      from,
      searchDomain(from),
      to,
      searchDomain(to),
      fields.conversation,
      fields.verdict,
      fields.mark,
      fields.code,
      fields.keyId,
    )
  }

  #writeOutcome(sequence: number, fields: RecordFields): void {
    this.#insertOutcome.run(bytesOf(fields.envelopeId), sequence, fields.atUs, fields.status)
    if (fields.atUs > this.#greatestOutcomeAtUs) this.#greatestOutcomeAtUs = fields.atUs
  }

  #readWaiting(): void {
    const page = this.#database.prepare('SELECT sequence, record FROM record WHERE sequence > ? ORDER BY sequence LIMIT ?')
    for (let after = this.#indexedSequence; ; ) {
      const rows = page.all(after, PAGE_RECORDS)
      for (const row of rows) {
        const fields = scanRecord(row['record'] as Uint8Array)
        after = Number(row['sequence'])
        if (fields !== undefined) this.add(after, fields)
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
