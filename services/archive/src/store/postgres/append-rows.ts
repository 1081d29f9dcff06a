import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import { RECORD_TYPE, type RecordFields } from '../../append/record-fields.ts'
import { dayMark, dayNumber, valueOfKey, valueOfText } from '../day-marks.ts'
import { POSTGRES_SCHEMA } from '../index-tables.ts'

/** Numbers of the names of one entry. */
export interface NameIds {
  readonly from: number
  readonly to: number
  readonly domains: number
}

const SCHEMA = POSTGRES_SCHEMA

/**
 * Everything of one transaction in one statement: bytes as one parameter that is cut apart there, numbers as arrays. A statement per row
 * would cost more than the rows.
 */
export const APPEND_SQL = `
  WITH records AS (
    INSERT INTO ${SCHEMA}.record (sequence, committed_at_us, hash, record)
    SELECT $1::bigint + part.n, $2::bigint, substring($3::bytea FROM (part.n * 32 - 31)::int FOR 32), substring($4::bytea FROM part.start FOR part.size)
    FROM unnest($5::int[], $6::int[]) WITH ORDINALITY AS part (start, size, n)
  ), entries AS (
    INSERT INTO ${SCHEMA}.entry
      (sequence, envelope_id, key_mark, from_mark, to_mark, domains_mark, conversation_mark, at_us, kind, verdict, mark, key_id)
    SELECT part.sequence, substring($7::bytea FROM (part.n * 16 - 15)::int FOR 16), part.key_mark, part.from_mark, part.to_mark,
      part.domains_mark, part.conversation_mark, part.at_us, part.kind, part.verdict, part.mark, part.key_id
    FROM unnest($8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[],
      $16::text[], $17::text[], $18::bigint[]) WITH ORDINALITY
      AS part (sequence, key_mark, from_mark, to_mark, domains_mark, conversation_mark, at_us, kind, verdict, mark, key_id, n)
  ), outcomes AS (
    INSERT INTO ${SCHEMA}.outcome (envelope_id, sequence, at_us, status)
    SELECT substring($19::bytea FROM (part.n * 16 - 15)::int FOR 16), part.sequence, part.at_us, part.status
    FROM unnest($20::bigint[], $21::bigint[], $22::bigint[]) WITH ORDINALITY AS part (sequence, at_us, status, n)
  ), buckets AS (
    INSERT INTO ${SCHEMA}.outcome_bucket (bucket, sequence, digest)
    SELECT * FROM unnest($23::bigint[], $24::bigint[], $25::bigint[])
  )
  UPDATE ${SCHEMA}.head SET sequence = $26::bigint, hash = $27::bytea, committed_at_us = $2::bigint`

/** The rows of one transaction, column by column, as `APPEND_SQL` takes them. */
export class AppendRows {
  readonly #base: number
  readonly #committedAtUs: number
  readonly #records: Uint8Array[] = []
  readonly #starts: number[] = []
  readonly #sizes: number[] = []
  readonly #hashes: Uint8Array[] = []
  readonly #entryIds: string[] = []
  readonly #entryNumbers: number[][] = [[], [], [], [], [], [], [], [], []]
  readonly #verdicts: string[] = []
  readonly #marks: string[] = []
  readonly #outcomeIds: string[] = []
  readonly #outcomeNumbers: number[][] = [[], [], []]
  readonly #bucketNumbers: number[][] = [[], [], []]
  #sizeBytes = 0

  /** `base`: sequence before the first record. */
  constructor(base: number, committedAtUs: number) {
    this.#base = base
    this.#committedAtUs = committedAtUs
  }

  get count(): number {
    return this.#records.length
  }

  addRecord(record: Uint8Array, hash: Uint8Array): void {
    this.#records.push(record)
    this.#starts.push(this.#sizeBytes + 1)
    this.#sizes.push(record.length)
    this.#hashes.push(hash)
    this.#sizeBytes += record.length
  }

  addEntry(sequence: number, fields: RecordFields, names: NameIds): void {
    const day = dayNumber(this.#committedAtUs)
    this.#entryIds.push(fields.envelopeId)
    push(this.#entryNumbers, [
      sequence,
      dayMark(day, valueOfKey(fields.idempotencyKey)),
      dayMark(day, names.from),
      dayMark(day, names.to),
      dayMark(day, names.domains),
      dayMark(day, valueOfText(fields.conversation)),
      fields.atUs,
      fields.kind,
      fields.keyId,
    ])
    this.#verdicts.push(fields.verdict)
    this.#marks.push(fields.mark)
  }

  /** `digest`: of the record; only for those that tell of many messages. */
  addOutcome(sequence: number, fields: RecordFields, digest: number): void {
    if (fields.type === RECORD_TYPE.outcomes) {
      for (const bucket of fields.buckets) push(this.#bucketNumbers, [bucket, sequence, digest])
      return
    }
    this.#outcomeIds.push(fields.envelopeId)
    push(this.#outcomeNumbers, [sequence, fields.atUs, fields.status])
  }

  /** Values of `APPEND_SQL`. */
  values(): unknown[] {
    const [sequences, keys, froms, tos, domains, conversations, ats, kinds, keyIds] = this.#entryNumbers.map(arrayOf)
    return [
      this.#base,
      this.#committedAtUs,
      Buffer.concat(this.#hashes),
      Buffer.concat(this.#records),
      arrayOf(this.#starts),
      arrayOf(this.#sizes),
      bytesOf(this.#entryIds),
      sequences,
      keys,
      froms,
      tos,
      domains,
      conversations,
      ats,
      kinds,
      this.#verdicts,
      this.#marks,
      keyIds,
      bytesOf(this.#outcomeIds),
      ...this.#outcomeNumbers.map(arrayOf),
      ...[this.#bucketNumbers[0]!, this.#bucketNumbers[1]!, this.#bucketNumbers[2]!].map(arrayOf),
      this.#base + this.#records.length,
      Buffer.from(this.#hashes.at(-1) ?? []),
    ]
  }
}

/** 48 bits of a record that tells of many messages; one that is found by them is compared as a whole. */
export function digestOf(record: Uint8Array): number {
  return hash('sha256', record, 'buffer').readUIntBE(0, 6)
}

function push(columns: number[][], values: readonly number[]): void {
  for (const [at, value] of values.entries()) columns[at]!.push(value)
}

/** A literal of PostgreSQL: the driver's own way takes an object per number. */
function arrayOf(numbers: readonly number[]): string {
  return `{${numbers.join(',')}}`
}

function bytesOf(words: readonly string[]): Buffer {
  return Buffer.from(words.join(''), 'latin1')
}
