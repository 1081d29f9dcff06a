import { Buffer } from 'node:buffer'
import type { Client, Pool } from 'pg'
import { findPlaces, type PostingPage, packPostings } from '../../index/posting-pages.ts'
import { bytesOfSteps, type FilledSlice, type SliceFacts, stepsOfBytes } from '../../index/slice.ts'
import type { SliceSource } from '../../index/slice-source.ts'
import { SLICE_RECORDS } from '../../index/terms.ts'
import { POSTGRES_SCHEMA } from './schema-name.ts'

const SLICE = `${POSTGRES_SCHEMA}.slice`
const POSTING = `${POSTGRES_SCHEMA}.posting`
const FIND_SQL = `
  SELECT p.first, p.term, p.part, p.bytes FROM unnest($1::bigint[]) AS wanted (first), LATERAL (
    SELECT * FROM ${POSTING} p WHERE p.first = wanted.first AND p.term <= $2
      AND p.term >= coalesce((SELECT max(term) FROM ${POSTING} q WHERE q.first = wanted.first AND q.term < $2), 0)
  ) p ORDER BY p.first, p.term, p.part`
const PAGES_SQL = `
  SELECT first, term, part, bytes FROM ${POSTING} WHERE first = $1 AND term < $3
    AND term >= coalesce((SELECT max(term) FROM ${POSTING} WHERE first = $1 AND term < $2), 0) ORDER BY term, part`

interface PageRow {
  readonly first: string
  readonly term: string
  readonly part: string
  readonly bytes: Buffer
}

interface SliceRow {
  readonly first: string
  readonly hash: Buffer
  readonly last_at_us: string
  readonly id_steps: Buffer
  readonly outcome_steps: Buffer
  readonly greatest_id: Buffer
  readonly greatest_outcome_at_us: string
}

/** The index of a log in PostgreSQL. */
export class PostgresSlices implements SliceSource {
  readonly #connection: Pool | Client
  readonly #known: SliceFacts[] = []

  constructor(connection: Pool | Client) {
    this.#connection = connection
  }

  async slices(): Promise<readonly SliceFacts[]> {
    const { rows } = await this.#connection.query<SliceRow>(`SELECT * FROM ${SLICE} WHERE first >= $1 ORDER BY first`, [this.#next])
    for (const row of rows) if (Number(row.first) === this.#next) this.#known.push(factsOf(row))
    return this.#known
  }

  async find(slices: readonly SliceFacts[], term: number): Promise<number[][]> {
    if (slices.length === 0) return []
    const firsts = slices.map(({ first }) => first)
    const query = { name: 'gatehouse-find', text: FIND_SQL, values: [`{${firsts.join(',')}}`, term] }
    const { rows } = await this.#connection.query<PageRow>(query)
    const found = new Map(firsts.map((first): [number, number[]] => [first, []]))
    for (const row of rows) findPlaces(pageOf(row), term, found.get(Number(row.first))!)
    return firsts.map((first) => found.get(first)!.map((place) => first + place))
  }

  pages(slice: SliceFacts): Promise<PostingPage[]> {
    return this.pagesBetween(slice, 0, Number.MAX_SAFE_INTEGER)
  }

  /** Those that can have a term from the first up to the second. */
  async pagesBetween({ first }: SliceFacts, from: number, to: number): Promise<PostingPage[]> {
    const { rows } = await this.#connection.query<PageRow>(PAGES_SQL, [first, from, to])
    return rows.map(pageOf)
  }

  get #next(): number {
    return this.#known.length * SLICE_RECORDS + 1
  }
}

/** Writes a slice, unless another replica has done so: the same records give the same slice. */
export async function writeSlice(client: Client, slice: FilledSlice): Promise<void> {
  await client.query('BEGIN')
  try {
    // One replica makes it, the others wait and see that it is there.
    await client.query('SELECT pg_advisory_xact_lock($1)', [WRITE_LOCK])
    const { rowCount } = await client.query(`SELECT 1 FROM ${SLICE} WHERE first = $1 AND hash = $2`, [slice.first, slice.hash])
    if (rowCount === 0) await replaceSlice(client, slice)
    await client.query('COMMIT')
  } catch (thrown) {
    await client.query('ROLLBACK')
    throw thrown
  }
}

/** Throws away a slice and all behind it. */
export async function dropSlicesFrom(client: Client, first: number): Promise<void> {
  await client.query(`WITH gone AS (DELETE FROM ${SLICE} WHERE first >= $1) DELETE FROM ${POSTING} WHERE first >= $1`, [first])
}

/** Any fixed number. */
const WRITE_LOCK = 7_064_003
const PAGES_AT_ONCE = 200

async function replaceSlice(client: Client, slice: FilledSlice): Promise<void> {
  await client.query(`DELETE FROM ${POSTING} WHERE first = $1`, [slice.first])
  await client.query(`DELETE FROM ${SLICE} WHERE first = $1`, [slice.first])
  const pages = packPostings(slice.postings)
  for (let at = 0; at < pages.length; at += PAGES_AT_ONCE) {
    const some = pages.slice(at, at + PAGES_AT_ONCE)
    await client.query({
      name: 'gatehouse-posting',
      text: `INSERT INTO ${POSTING} (first, term, part, bytes) SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bytea[])`,
      values: [slice.first, some.map(({ term }) => term), some.map(({ part }) => part), some.map(({ bytes }) => Buffer.from(bytes))],
    })
  }
  await client.query(`INSERT INTO ${SLICE} VALUES ($1, $2, $3, $4, $5, $6, $7)`, [
    slice.first,
    Buffer.from(slice.hash),
    slice.lastAtUs,
    Buffer.from(bytesOfSteps(slice.idSteps)),
    Buffer.from(bytesOfSteps(slice.outcomeSteps)),
    Buffer.from(slice.greatestId, 'latin1'),
    slice.greatestOutcomeAtUs,
  ])
}

function factsOf(row: SliceRow): SliceFacts {
  return {
    first: Number(row.first),
    hash: row.hash,
    lastAtUs: Number(row.last_at_us),
    idSteps: stepsOfBytes(row.id_steps),
    outcomeSteps: stepsOfBytes(row.outcome_steps),
    greatestId: row.greatest_id.toString('latin1'),
    greatestOutcomeAtUs: Number(row.greatest_outcome_at_us),
  }
}

function pageOf({ term, part, bytes }: PageRow): PostingPage {
  return { term: Number(term), part: Number(part), bytes }
}
