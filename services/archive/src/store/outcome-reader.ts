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

// Whoever reads messages in the order of the log asks for the same few records over and over.
const MAX_KNOWN = 64
/** The schema that has records with outcomes of many messages. */
const BUCKETS_SINCE = 3

/** Finds what became of messages, in records that tell of one message and of many. */
export class OutcomeReader {
  readonly #inBucket: StatementSync | undefined
  readonly #single: StatementSync
  readonly #record: StatementSync
  readonly #known = new Map<number, Told>()

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
    const word = wordOf(envelopeId)
    const found: RecordedOutcome[] = []
    for (const row of rows) {
      const outcome = this.#toldBy(Number(row['sequence'])).get(word)
      if (outcome !== undefined) found.push(outcome)
    }
    return found.sort((a, b) => a.sequence - b.sequence)
  }

  #toldBy(sequence: number): Told {
    const known = this.#known.get(sequence)
    if (known !== undefined) return known
    if (this.#known.size >= MAX_KNOWN) this.#known.delete(this.#known.keys().next().value as number)
    const told = read(sequence, this.#record.get(sequence)?.['record'] as Uint8Array | undefined)
    this.#known.set(sequence, told)
    return told
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
