import type { Buffer } from 'node:buffer'
import type { Client } from 'pg'
import { genesisHash } from '../../chain/record-hash.ts'
import { archiveError } from '../../errors.ts'
import type { LogRecord } from '../log-source.ts'
import { checkTail, type LogHead, TAIL_RECORDS } from '../log-tail.ts'
import { POSTGRES_SCHEMA } from './schema-name.ts'

/** The head, with one record of the tail. */
interface HeadRow {
  readonly log_id: Buffer
  readonly sequence: string
  readonly hash: Buffer
  readonly committed_at_us: string
  readonly signed: string | null
  readonly at: string | null
  readonly at_us: string
  readonly link: Buffer
  readonly record: Buffer
}

/** The end of the log, made where there is no log; checked, because what was lost or altered there must not be built upon. */
export async function openHead(client: Client, newLogId: () => Uint8Array): Promise<LogHead> {
  const logId = newLogId()
  await client.query(
    `INSERT INTO ${POSTGRES_SCHEMA}.head (log_id, sequence, hash, committed_at_us) VALUES ($1, 0, $2, 0) ON CONFLICT DO NOTHING`,
    [logId, genesisHash(logId)],
  )
  // One statement sees one state: others may be appending.
  const { rows } = await client.query<HeadRow>(
    `SELECT h.log_id, h.sequence, h.hash, h.committed_at_us, (SELECT max(sequence) FROM ${POSTGRES_SCHEMA}.checkpoint) AS signed,
       r.sequence AS at, r.committed_at_us AS at_us, r.hash AS link, r.record
     FROM ${POSTGRES_SCHEMA}.head h LEFT JOIN LATERAL (
       SELECT * FROM ${POSTGRES_SCHEMA}.record ORDER BY sequence DESC LIMIT ${TAIL_RECORDS + 1}
     ) r ON true ORDER BY r.sequence`,
  )
  const first = rows[0]
  if (first === undefined) throw archiveError('GH-ARCHIVE-CHAIN-BROKEN', 'its head is missing.')
  const tail: LogRecord[] = rows
    .filter(({ at }) => at !== null)
    .map(({ at, at_us, link, record }) => ({ sequence: Number(at), committedAtUs: Number(at_us), hash: link, record }))
  const head = checkTail(tail, genesisHash(first.log_id), Number(first.signed ?? 0))
  const isHead =
    head.sequence === Number(first.sequence) && first.hash.equals(head.hash) && head.committedAtUs === Number(first.committed_at_us)
  if (!isHead) throw archiveError('GH-ARCHIVE-CHAIN-BROKEN', `it ends at ${head.sequence}, its head says ${first.sequence}.`)
  return head
}
