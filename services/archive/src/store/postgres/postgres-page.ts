import type { Client, Pool } from 'pg'
import type { LogRecord } from '../log-source.ts'
import { copyOut } from './copy-out.ts'
import { POSTGRES_SCHEMA } from './schema-name.ts'
import { unpackRecords } from './unpack-records.ts'

/** At most `limit` records after one sequence up to another, in order. All as one value: a row each costs the driver more than the chain costs us. */
export async function readPage(connection: Pool | Client, after: number, upTo: number, limit: number): Promise<LogRecord[]> {
  const [from, to, most] = [after, upTo, limit].map((value) => Math.trunc(value))
  const [heads, records] = await copyOut(
    connection,
    `SELECT string_agg(int8send(sequence) || int8send(committed_at_us) || int4send(length(record)) || int4send(length(hash)) || hash, ''::bytea),
       string_agg(record, ''::bytea)
     FROM (SELECT * FROM ${POSTGRES_SCHEMA}.record WHERE sequence > ${from} AND sequence <= ${to} ORDER BY sequence LIMIT ${most}) part`,
  )
  return heads === undefined || records === undefined ? [] : unpackRecords(heads, records)
}
