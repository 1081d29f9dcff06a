import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { fromBinary } from '@bufbuild/protobuf'
import { ArchiveRecordSchema } from '@gatehouse/proto'
import { outcomeBucket } from '../append/record-fields.ts'

/** What the log says became of one message. */
export interface RecordedOutcome {
  readonly sequence: number
  /** Microseconds since the epoch. */
  readonly atUs: number
  readonly status: number
  readonly code: string
  readonly isCertain: boolean
}

/** The outcomes of one record, by envelope id as latin1 text. */
type Told = ReadonlyMap<string, RecordedOutcome>

/** The schema that has records with outcomes of many messages. */
const BUCKETS_SINCE = 3

/** Finds what became of messages, in records that tell of one message and of many. */
export class OutcomeReader {
  readonly #inBucket: StatementSync | undefined
  readonly #single: StatementSync
  readonly #record: StatementSync
  readonly #told = new ToldOutcomes()

  constructor(database: DatabaseSync, schemaVersion: number) {
    if (schemaVersion >= BUCKETS_SINCE) {
      this.#inBucket = database.prepare('SELECT sequence FROM outcome_bucket WHERE bucket = ?')
    }
    this.#single = database.prepare('SELECT sequence FROM outcome WHERE envelope_id = ?')
    this.#record = database.prepare('SELECT record FROM record WHERE sequence = ?')
  }

  /** In the order of the log. */
  outcomesOf(envelopeId: Uint8Array): RecordedOutcome[] {
    const rows = [...this.#single.all(envelopeId), ...(this.#inBucket?.all(outcomeBucket(envelopeId)) ?? [])]
    const sequences = rows.map((row) => Number(row['sequence'])).sort((a, b) => a - b)
    for (const sequence of sequences) {
      if (!this.#told.has(sequence)) this.#told.take(sequence, this.#record.get(sequence)?.['record'] as Uint8Array | undefined)
    }
    return this.#told.of([envelopeId], sequences).get(wordOf(envelopeId)) ?? []
  }
}

// Whoever reads messages in the order of the log asks for the same few records over and over.
const MAX_KNOWN = 256

/** What the records tell that were read last. */
export class ToldOutcomes {
  readonly #known = new Map<number, Told>()

  has(sequence: number): boolean {
    return this.#known.has(sequence)
  }

  take(sequence: number, record: Uint8Array | undefined): void {
    this.#known.set(sequence, read(sequence, record))
  }

  /** What records that were taken tell of messages, by envelope id as latin1 text. Forgets what was read long ago. */
  of(envelopeIds: readonly Uint8Array[], sequences: readonly number[]): Map<string, RecordedOutcome[]> {
    const found = new Map(envelopeIds.map((id): [string, RecordedOutcome[]] => [wordOf(id), []]))
    for (const sequence of sequences) {
      const told = this.#known.get(sequence)
      for (const [word, outcomes] of told === undefined ? [] : found) {
        const outcome = told?.get(word)
        if (outcome !== undefined) outcomes.push(outcome)
      }
    }
    for (const sequence of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break
      this.#known.delete(sequence)
    }
    return found
  }
}

function read(sequence: number, record: Uint8Array | undefined): Told {
  const told = new Map<string, RecordedOutcome>()
  const { content } = fromBinary(ArchiveRecordSchema, record ?? new Uint8Array())
  if (content.case === 'outcome') {
    const { envelopeId, atUs, status, code, certain } = content.value
    told.set(wordOf(envelopeId), { sequence, atUs: Number(atUs), status, code, isCertain: certain })
  } else if (content.case === 'outcomes') {
    const { envelopeIds, atUs, afterUs, status, code, certain } = content.value
    const ids = wordOf(envelopeIds)
    for (const [at, after] of afterUs.entries()) {
      told.set(ids.slice(at * 16, at * 16 + 16), { sequence, atUs: Number(atUs + after), status, code, isCertain: certain })
    }
  }
  return told
}

function wordOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
