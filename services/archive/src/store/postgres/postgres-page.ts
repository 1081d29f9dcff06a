import type { Buffer } from 'node:buffer'
import type { Client, Pool } from 'pg'
import type { LogRecord } from '../log-source.ts'
import { POSTGRES_SCHEMA } from './schema-name.ts'
import { unpackRecords } from './unpack-records.ts'

// All of a page as one value: a row each costs the driver more than the chain costs us.
const PAGE_SQL = `
  SELECT string_agg(int8send(sequence) || int8send(committed_at_us) || int4send(length(hash)) || hash || int4send(length(record)) || record,
    ''::bytea ORDER BY sequence) AS page
  FROM (SELECT * FROM ${POSTGRES_SCHEMA}.record WHERE sequence > $1 AND sequence <= $2 ORDER BY sequence LIMIT $3) part`

/** At most `limit` records after one sequence up to another, in order. */
export async function readPage(connection: Pool | Client, after: number, upTo: number, limit: number): Promise<LogRecord[]> {
  const query = { name: 'gatehouse-page', text: PAGE_SQL, values: [after, upTo, limit] }
  const { rows } = await connection.query<{ page: Buffer | null }>(query)
  return unpackRecords(rows[0]?.page ?? undefined)
}
