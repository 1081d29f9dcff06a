import { Buffer } from 'node:buffer'
import type { LogHead } from '../log-tail.ts'
import { POSTGRES_SCHEMA } from './schema-name.ts'

/**
 * Everything of one transaction in one statement: bytes as one parameter that is cut apart there. A statement per row would cost more than
 * the rows. Nothing is written unless the log ends where the writer thinks, and no key was closed since.
 */
export const APPEND_SQL = `
  WITH moved AS (
    UPDATE ${POSTGRES_SCHEMA}.head SET sequence = $7::bigint, hash = substring($3::bytea FROM length($3::bytea) - 31), committed_at_us = $2::bigint
    WHERE sequence = $1::bigint AND keys_version = $8::bigint RETURNING 1
  )
  INSERT INTO ${POSTGRES_SCHEMA}.record (sequence, committed_at_us, hash, record)
  SELECT $1::bigint + part.n, $2::bigint, substring($3::bytea FROM (part.n * 32 - 31)::int FOR 32), substring($4::bytea FROM part.start FOR part.size)
  FROM moved, unnest($5::int[], $6::int[]) WITH ORDINALITY AS part (start, size, n)`

/** The rows of one transaction, column by column, as `APPEND_SQL` takes them. */
export class AppendRows {
  readonly #base: number
  readonly #committedAtUs: number
  readonly #records: Uint8Array[] = []
  readonly #starts: number[] = []
  readonly #sizes: number[] = []
  readonly #hashes: Uint8Array[] = []
  #sizeBytes = 0

  /** `base`: sequence before the first record. */
  constructor(base: number, committedAtUs: number) {
    this.#base = base
    this.#committedAtUs = committedAtUs
  }

  get count(): number {
    return this.#records.length
  }

  add(record: Uint8Array, hash: Uint8Array): void {
    this.#records.push(record)
    this.#starts.push(this.#sizeBytes + 1)
    this.#sizes.push(record.length)
    this.#hashes.push(hash)
    this.#sizeBytes += record.length
  }

  /** The record at a place, from 0. */
  recordAt(place: number): Uint8Array {
    return this.#records[place]!
  }

  hashAt(place: number): Uint8Array {
    return this.#hashes[place]!
  }

  /** The end of the log with these. `before`: as it was. */
  headAfter(before: LogHead): LogHead {
    const hash = this.#hashes.at(-1)
    return hash === undefined ? before : { sequence: this.#base + this.#records.length, hash, committedAtUs: this.#committedAtUs }
  }

  /** Values of `APPEND_SQL`. */
  values(keysVersion: number): unknown[] {
    return [
      this.#base,
      this.#committedAtUs,
      Buffer.concat(this.#hashes),
      Buffer.concat(this.#records),
      // A literal of PostgreSQL: the driver's own way takes an object per number.
      `{${this.#starts.join(',')}}`,
      `{${this.#sizes.join(',')}}`,
      this.#base + this.#records.length,
      keysVersion,
    ]
  }
}
