import type { Buffer } from 'node:buffer'
import type { CompiledQuery } from 'kysely'
import type { Pool } from 'pg'
import { outcomeBucket } from '../../append/record-fields.ts'
import { searchAddress } from '../../append/search-address.ts'
import type { Checkpoint } from '../../chain/checkpoint.ts'
import { genesisHash } from '../../chain/record-hash.ts'
import type { Hold } from '../../seal/key-vault.ts'
import { dayNumber, VALUE_RANGE, valueOfText } from '../day-marks.ts'
import { type EntryPage, entryPage } from '../entry-page.ts'
import { POSTGRES_SCHEMA, postgresQueries } from '../index-tables.ts'
import type { IndexRow, LogRecord, LogSource, StoredLogRecord } from '../log-source.ts'
import { type RecordedOutcome, ToldOutcomes } from '../outcome-reader.ts'
import { MOST_COMMIT_DELAY_US, type SearchTerms, searchLog } from '../search-log.ts'
import { unpackRecords } from './unpack-records.ts'

const SCHEMA = POSTGRES_SCHEMA
// All of a page as one value: a row each costs the driver more than the chain costs us.
const PAGE_SQL = `
  SELECT string_agg(int8send(sequence) || int8send(committed_at_us) || int4send(length(hash)) || hash || int4send(length(record)) || record,
    ''::bytea ORDER BY sequence) AS page
  FROM (SELECT * FROM ${SCHEMA}.record WHERE sequence > $1 AND sequence <= $2 ORDER BY sequence LIMIT $3) part`
const INDEX_SQL = `
  SELECT e.sequence, e.key_mark, e.conversation_mark, e.at_us, e.kind, e.key_id,
    e.from_mark / ${VALUE_RANGE}, e.to_mark / ${VALUE_RANGE}, e.domains_mark / ${VALUE_RANGE},
    encode(e.envelope_id, 'hex'), e.verdict, e.mark, coalesce(f.address, E'\\n\\n'), coalesce(t.address, E'\\n\\n'),
    coalesce(d.from_domain || E'\\n' || d.to_domain, E'\\n\\n')
  FROM ${SCHEMA}.entry e
  LEFT JOIN ${SCHEMA}.address f ON f.id = e.from_mark % ${VALUE_RANGE} LEFT JOIN ${SCHEMA}.address t ON t.id = e.to_mark % ${VALUE_RANGE}
  LEFT JOIN ${SCHEMA}.domain_pair d ON d.id = e.domains_mark % ${VALUE_RANGE}
  WHERE e.sequence > $1 AND e.sequence <= $2 ORDER BY e.sequence`
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
  readonly queries = postgresQueries
  readonly #pool: Pool
  readonly #told = new ToldOutcomes()

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async genesis(): Promise<Uint8Array> {
    const { rows } = await this.#pool.query<{ log_id: Buffer }>(`SELECT log_id FROM ${SCHEMA}.head`)
    return genesisHash(rows[0]?.log_id ?? new Uint8Array())
  }

  async lastSequence(): Promise<number> {
    return await this.#number(`SELECT coalesce(max(sequence), 0) AS value FROM ${SCHEMA}.record`, [])
  }

  async page(after: number, upTo: number, limit: number): Promise<LogRecord[]> {
    const values = [after, upTo, limit]
    const query = { name: 'gatehouse-page', text: PAGE_SQL, values }
    const { rows } = await this.#pool.query<{ page: Buffer | null }>(query)
    return unpackRecords(rows[0]?.page ?? undefined)
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

  async storedAll(sequences: readonly number[]): Promise<StoredLogRecord[]> {
    const { rows } = await this.#pool.query<StoredRow>(
      `SELECT r.sequence, r.committed_at_us, r.hash, r.record, p.hash AS previous, e.envelope_id
       FROM ${SCHEMA}.record r LEFT JOIN ${SCHEMA}.record p ON p.sequence = r.sequence - 1
       LEFT JOIN ${SCHEMA}.entry e ON e.sequence = r.sequence WHERE r.sequence = ANY($1::bigint[])`,
      [sequences],
    )
    const genesis = sequences.includes(1) ? await this.genesis() : new Uint8Array()
    const outcomes = await this.#outcomesOf(rows.flatMap(({ envelope_id }) => (envelope_id === null ? [] : [envelope_id])))
    const found = new Map(
      rows.map((row): [number, StoredLogRecord] => {
        const sequence = Number(row.sequence)
        const stored = {
          sequence,
          committedAtUs: Number(row.committed_at_us),
          hash: row.hash,
          record: row.record,
          previousHash: row.previous ?? (sequence === 1 ? genesis : new Uint8Array()),
          outcomeStatus: row.envelope_id === null ? 0 : (outcomes.get(row.envelope_id.toString('latin1'))?.at(-1)?.status ?? 0),
        }
        return [sequence, stored]
      }),
    )
    return sequences.flatMap((sequence) => found.get(sequence) ?? [])
  }

  async hashBefore(sequence: number): Promise<Uint8Array> {
    if (sequence <= 1) return await this.genesis()
    return (await this.hashes(sequence - 1, sequence - 1))[0] ?? new Uint8Array()
  }

  async sequenceOfEnvelope(envelopeId: Uint8Array): Promise<number | undefined> {
    const values = [envelopeId]
    const found = await this.#number(`SELECT coalesce(max(sequence), 0) AS value FROM ${SCHEMA}.entry WHERE envelope_id = $1`, values)
    return found === 0 ? undefined : found
  }

  async outcomesOf(envelopeId: Uint8Array): Promise<RecordedOutcome[]> {
    return [...(await this.#outcomesOf([envelopeId])).values()][0] ?? []
  }

  search(terms: SearchTerms, limit: number): Promise<number[]> {
    return searchLog(this, terms, limit)
  }

  async numbers({ sql, parameters }: CompiledQuery): Promise<number[]> {
    const { rows } = await this.#pool.query<[string]>({ text: sql, values: [...parameters], rowMode: 'array' })
    return rows.map(([value]) => Number(value))
  }

  async dayOf(sequence: number): Promise<number> {
    const sql = `SELECT coalesce(max(committed_at_us), 0) AS value FROM ${SCHEMA}.record WHERE sequence = $1`
    return dayNumber(await this.#number(sql, [sequence]))
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

  indexedSequence(): Promise<number> {
    return this.lastSequence()
  }

  async indexRows(after: number, upTo: number): Promise<IndexRow[]> {
    const query = { name: 'gatehouse-index', text: INDEX_SQL, values: [after, upTo], rowMode: 'array' as const }
    const { rows } = await this.#pool.query<[...IndexColumns]>(query)
    return rows.map((row) => {
      const [sequence, keyMark, conversationMark, atUs, kind, keyId, fromDay, toDay, domainsDay] = row
        .slice(0, 9)
        .map(Number) as unknown as Numbers
      const [envelopeId, verdict, mark, fromAddress, toAddress, domains] = row.slice(9) as unknown as Texts
      const numbers = { sequence, keyMark, conversationMark, atUs, kind, keyId, fromDay, toDay, domainsDay }
      return { ...numbers, envelopeId, verdict, mark, fromAddress, toAddress, domains }
    })
  }

  async hasEntryUnder(keyId: number, hold: Hold): Promise<boolean> {
    const where = ['key_id = $1']
    const values: (string | number)[] = [keyId]
    const next = (value: string | number): string => `$${values.push(value)}`
    const numberIn = (column: string): string => `${column} % ${VALUE_RANGE}`
    if (hold.user !== '') {
      const ids = `(SELECT id FROM ${SCHEMA}.address WHERE address = ${next(searchAddress(hold.user))})`
      where.push(`(${numberIn('from_mark')} IN ${ids} OR ${numberIn('to_mark')} IN ${ids})`)
    }
    if (hold.domain !== '') {
      const domain = next(hold.domain.toLowerCase())
      const pairs = `SELECT id FROM ${SCHEMA}.domain_pair WHERE from_domain = ${domain} OR to_domain = ${domain}`
      where.push(`${numberIn('domains_mark')} IN (${pairs})`)
    }
    // Of another conversation with the same number a hold protects too much, never too little.
    if (hold.conversation !== '') where.push(`${numberIn('conversation_mark')} = ${next(valueOfText(hold.conversation))}`)
    if (hold.sinceUs > 0) where.push(`at_us >= ${next(hold.sinceUs)}`)
    if (hold.untilUs > 0) where.push(`at_us < ${next(hold.untilUs)}`)
    const { rows } = await this.#pool.query(`SELECT 1 FROM ${SCHEMA}.entry WHERE ${where.join(' AND ')} LIMIT 1`, values)
    return rows.length > 0
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

  /** By envelope id as latin1 text. */
  async #outcomesOf(envelopeIds: readonly Uint8Array[]): Promise<ReadonlyMap<string, RecordedOutcome[]>> {
    const buckets = [...new Set(envelopeIds.map(outcomeBucket))]
    const { rows } = await this.#pool.query<{ sequence: string }>(
      `SELECT sequence FROM ${SCHEMA}.outcome WHERE envelope_id = ANY($1::bytea[])
       UNION SELECT sequence FROM ${SCHEMA}.outcome_bucket WHERE bucket = ANY($2::bigint[])`,
      [envelopeIds, buckets],
    )
    const sequences = rows.map(({ sequence }) => Number(sequence)).sort((a, b) => a - b)
    const missing = sequences.filter((sequence) => !this.#told.has(sequence))
    if (missing.length > 0) {
      const read = await this.#pool.query<{ sequence: string; record: Buffer }>(
        `SELECT sequence, record FROM ${SCHEMA}.record WHERE sequence = ANY($1::bigint[])`,
        [missing],
      )
      for (const { sequence, record } of read.rows) this.#told.take(Number(sequence), record)
    }
    return this.#told.of(envelopeIds, sequences)
  }

  async #number(sql: string, values: readonly unknown[]): Promise<number> {
    const { rows } = await this.#pool.query<{ value: string }>(sql, [...values])
    return Number(rows[0]?.value ?? 0)
  }
}

type Nine<T> = readonly [T, T, T, T, T, T, T, T, T]
type Numbers = Nine<number>
type Texts = readonly [string, string, string, string, string, string]
type IndexColumns = readonly [...Nine<string>, ...Texts]

interface StoredRow {
  readonly sequence: string
  readonly committed_at_us: string
  readonly hash: Buffer
  readonly record: Buffer
  readonly previous: Buffer | null
  readonly envelope_id: Buffer | null
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
