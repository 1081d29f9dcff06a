import type { Buffer } from 'node:buffer'
import type { Pool } from 'pg'
import type { Checkpoint } from '../../chain/checkpoint.ts'
import { genesisHash } from '../../chain/record-hash.ts'
import { LogFinder } from '../../index/log-finder.ts'
import type { SliceSource } from '../../index/slice-source.ts'
import type { Hold } from '../../seal/key-vault.ts'
import { type EntryPage, entryPage } from '../entry-page.ts'
import type { LogRecord, LogSource, StoredLogRecord } from '../log-source.ts'
import { MOST_COMMIT_DELAY_US, type SearchTerms, searchLog } from '../search-log.ts'
import type { RecordedOutcome } from '../told-outcomes.ts'
import { readPage } from './postgres-page.ts'
import { PostgresSlices } from './postgres-slices.ts'
import { POSTGRES_SCHEMA } from './schema-name.ts'

const SCHEMA = POSTGRES_SCHEMA
// Commit times rise with the sequence, so halving finds it; here rather than by a question per step.
const FIRST_AT_SQL = `
  WITH RECURSIVE step (low, high) AS (
    SELECT 1::bigint, coalesce(max(sequence), 0) + 1 FROM ${SCHEMA}.record
    UNION ALL
    SELECT CASE WHEN is_before THEN middle + 1 ELSE low END, CASE WHEN is_before THEN high ELSE middle END
    FROM step, LATERAL (SELECT (low + high) / 2 AS middle) m,
      LATERAL (SELECT coalesce((SELECT committed_at_us FROM ${SCHEMA}.record WHERE sequence = middle), 0) < $1 AS is_before) b
    WHERE low < high
  ) SELECT low AS value FROM step WHERE low >= high`

/** A log in PostgreSQL. */
export class PostgresReader implements LogSource {
  readonly #pool: Pool
  readonly #slices: PostgresSlices
  readonly #finder: LogFinder

  constructor(pool: Pool) {
    this.#pool = pool
    this.#slices = new PostgresSlices(pool)
    this.#finder = new LogFinder(this, () => this.#slices)
  }

  slices(): SliceSource {
    return this.#slices
  }

  async genesis(): Promise<Uint8Array> {
    const { rows } = await this.#pool.query<{ log_id: Buffer }>(`SELECT log_id FROM ${SCHEMA}.head`)
    return genesisHash(rows[0]?.log_id ?? new Uint8Array())
  }

  async lastSequence(): Promise<number> {
    return await this.#number(`SELECT coalesce(max(sequence), 0) AS value FROM ${SCHEMA}.record`, [])
  }

  async page(after: number, upTo: number, limit: number): Promise<LogRecord[]> {
    return await readPage(this.#pool, after, upTo, limit)
  }

  async recordsAt(sequences: readonly number[]): Promise<LogRecord[]> {
    if (sequences.length === 0) return []
    const { rows } = await this.#pool.query<RecordRow>({
      name: 'gatehouse-records',
      text: `SELECT sequence, committed_at_us, hash, record FROM ${SCHEMA}.record WHERE sequence = ANY($1::bigint[])`,
      values: [`{${sequences.join(',')}}`],
    })
    const found = new Map(rows.map((row): [number, LogRecord] => [Number(row.sequence), recordOf(row)]))
    return sequences.flatMap((sequence) => found.get(sequence) ?? [])
  }

  async entries(after: number, upTo: number, limit: number, maxBytes: number): Promise<EntryPage | undefined> {
    const page = await this.page(after, upTo, limit)
    return entryPage(
      page.map(({ sequence, record }) => [sequence, record] as const),
      after,
      maxBytes,
    )
  }

  async stored(sequence: number): Promise<StoredLogRecord | undefined> {
    return (await this.storedAll([sequence]))[0]
  }

  storedAll(sequences: readonly number[]): Promise<StoredLogRecord[]> {
    return this.#finder.stored(sequences)
  }

  async hashBefore(sequence: number): Promise<Uint8Array> {
    return (await this.hashesBefore([sequence]))[0]!
  }

  async hashesBefore(sequences: readonly number[]): Promise<Uint8Array[]> {
    const { rows } = await this.#pool.query<{ next: string; hash: Buffer }>(
      `SELECT sequence + 1 AS next, hash FROM ${SCHEMA}.record WHERE sequence = ANY($1::bigint[])`,
      [`{${sequences.map((sequence) => sequence - 1).join(',')}}`],
    )
    const found = new Map(rows.map(({ next, hash }): [number, Uint8Array] => [Number(next), hash]))
    if (sequences.some((sequence) => sequence <= 1)) found.set(1, await this.genesis())
    return sequences.map((sequence) => found.get(Math.max(1, sequence)) ?? new Uint8Array())
  }

  sequenceOfEnvelope(envelopeId: Uint8Array): Promise<number | undefined> {
    return this.#finder.sequenceOfEnvelope(envelopeId)
  }

  async outcomesOf(envelopeId: Uint8Array): Promise<RecordedOutcome[]> {
    return [...(await this.#finder.outcomesOf([envelopeId])).values()].flat()
  }

  search(terms: SearchTerms, limit: number): Promise<number[]> {
    return searchLog(this, this.#finder, terms, limit)
  }

  async checkpoints(after: number, upTo: number): Promise<Checkpoint[]> {
    const { rows } = await this.#pool.query<CheckpointRow>(
      `SELECT * FROM ${SCHEMA}.checkpoint WHERE sequence > $1 AND sequence <= $2 ORDER BY sequence`,
      [after, upTo],
    )
    return rows.map(checkpointOf)
  }

  async lastCheckpoint(): Promise<Checkpoint | undefined> {
    const { rows } = await this.#pool.query<CheckpointRow>(`SELECT * FROM ${SCHEMA}.checkpoint ORDER BY sequence DESC LIMIT 1`)
    return rows[0] === undefined ? undefined : checkpointOf(rows[0])
  }

  async checkpointOver(sequence: number): Promise<Checkpoint | undefined> {
    const { rows } = await this.#pool.query<CheckpointRow>(
      `SELECT * FROM ${SCHEMA}.checkpoint WHERE sequence >= $1 ORDER BY sequence LIMIT 1`,
      [sequence],
    )
    return rows[0] === undefined ? undefined : checkpointOf(rows[0])
  }

  async hashes(from: number, to: number): Promise<Uint8Array[]> {
    const { rows } = await this.#pool.query<{ hash: Buffer }>(
      `SELECT hash FROM ${SCHEMA}.record WHERE sequence BETWEEN $1 AND $2 ORDER BY sequence`,
      [from, to],
    )
    return rows.map(({ hash }) => hash)
  }

  hasEntryUnder(keyId: number, hold: Hold): Promise<boolean> {
    return this.#finder.hasEntryUnder(keyId, hold)
  }

  async firstSequenceOf(receivedUs: number): Promise<number> {
    return receivedUs > 0 ? await this.firstAt(receivedUs - MOST_COMMIT_DELAY_US) : 1
  }

  async firstAt(us: number): Promise<number> {
    return await this.#number(FIRST_AT_SQL, [us])
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }

  async #number(sql: string, values: readonly unknown[]): Promise<number> {
    const { rows } = await this.#pool.query<{ value: string }>(sql, [...values])
    return Number(rows[0]?.value ?? 0)
  }
}

interface RecordRow {
  readonly sequence: string
  readonly committed_at_us: string
  readonly hash: Buffer
  readonly record: Buffer
}

function recordOf({ sequence, committed_at_us, hash, record }: RecordRow): LogRecord {
  return { sequence: Number(sequence), committedAtUs: Number(committed_at_us), hash, record }
}

interface CheckpointRow {
  readonly sequence: string
  readonly hash: Buffer
  readonly signed_at_us: string
  readonly key_id: string
  readonly signature: Buffer
  readonly first_sequence: string
  readonly root: Buffer
}

function checkpointOf(row: CheckpointRow): Checkpoint {
  const firstSequence = Number(row.first_sequence)
  return {
    sequence: Number(row.sequence),
    hash: row.hash,
    signedAtUs: Number(row.signed_at_us),
    keyId: row.key_id,
    signature: row.signature,
    tree: firstSequence === 0 ? undefined : { firstSequence, root: row.root },
  }
}
