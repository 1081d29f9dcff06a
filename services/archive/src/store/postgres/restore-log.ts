import { Buffer } from 'node:buffer'
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Client } from 'pg'
import { RecordHasher } from '../../chain/record-hash.ts'
import { archiveError } from '../../errors.ts'
import { keyStoreFile } from '../../seal/body-keys.ts'
import { LogReader } from '../log-reader.ts'
import type { LogRecord } from '../log-source.ts'
import { APPEND_SQL, AppendRows } from './append-rows.ts'
import { KEYS_SCHEMA, migratePostgres } from './postgres-migrations.ts'
import { openSession } from './postgres-session.ts'
import { POSTGRES_SCHEMA } from './schema-name.ts'

const PAGE_RECORDS = 1000
const LOCK_TIMEOUT_MS = 5_000

export interface RestoredLog {
  readonly records: number
  readonly checkpoints: number
  readonly bodyKeys: number
}

/**
 * Copies a log from a SQLite file, and its body keys and holds, into a PostgreSQL database that has none: the same records at the same
 * places with the same chain, in one transaction. Rejects with GH-ARCHIVE-CHAIN-BROKEN where the file is not a whole log.
 */
export async function restoreLog(file: string, url: string): Promise<RestoredLog> {
  const source = new LogReader(file)
  const client = await openSession({ url, lockTimeoutMs: LOCK_TIMEOUT_MS }, () => {})
  try {
    await migratePostgres(client)
    await client.query('BEGIN')
    await takeHead(client, source)
    const records = await copyRecords(client, source)
    const checkpoints = await copyCheckpoints(client, source)
    const bodyKeys = existsSync(keyStoreFile(file)) ? await copyKeys(client, keyStoreFile(file)) : 0
    await client.query('COMMIT')
    return { records, checkpoints, bodyKeys }
  } finally {
    source.close()
    await client.end()
  }
}

async function takeHead(client: Client, source: LogReader): Promise<void> {
  const { rowCount } = await client.query(
    `INSERT INTO ${POSTGRES_SCHEMA}.head (log_id, sequence, hash, committed_at_us) VALUES ($1, 0, $2, 0) ON CONFLICT DO NOTHING`,
    [source.logId, source.genesis()],
  )
  if (rowCount !== 1) throw archiveError('GH-ARCHIVE-QUERY', 'the database has a log already.')
}

async function copyRecords(client: Client, source: LogReader): Promise<number> {
  const hasher = new RecordHasher()
  let previous = source.genesis()
  let count = 0
  for (;;) {
    const page = source.page(count, Number.MAX_SAFE_INTEGER, PAGE_RECORDS)
    if (page.length === 0) return count
    for (const { sequence, committedAtUs, hash, record } of page) {
      const isNext = sequence === ++count
      if (!isNext || Buffer.compare(hasher.hashOf(sequence, committedAtUs, previous, record), hash) !== 0)
        throw archiveError('GH-ARCHIVE-CHAIN-BROKEN', `record ${sequence} does not follow from the one before.`)
      previous = hash
    }
    for (const group of ofOneCommit(page)) await copyGroup(client, group)
  }
}

/** Records that were committed together have one time; a statement takes one. */
function* ofOneCommit(page: readonly LogRecord[]): Generator<readonly LogRecord[]> {
  for (let from = 0; from < page.length; ) {
    let to = from + 1
    while (to < page.length && page[to]!.committedAtUs === page[from]!.committedAtUs) to++
    yield page.slice(from, to)
    from = to
  }
}

async function copyGroup(client: Client, group: readonly LogRecord[]): Promise<void> {
  const rows = new AppendRows(group[0]!.sequence - 1, group[0]!.committedAtUs)
  for (const { record, hash } of group) rows.add(record, hash)
  await client.query({ name: 'gatehouse-append', text: APPEND_SQL, values: rows.values(0) })
}

async function copyCheckpoints(client: Client, source: LogReader): Promise<number> {
  const checkpoints = source.checkpoints(0, Number.MAX_SAFE_INTEGER)
  for (const { sequence, hash, signedAtUs, keyId, signature, tree } of checkpoints) {
    await client.query(`INSERT INTO ${POSTGRES_SCHEMA}.checkpoint VALUES ($1, $2, $3, $4, $5, $6, $7)`, [
      sequence,
      hash,
      signedAtUs,
      keyId,
      signature,
      tree?.firstSequence ?? 0,
      tree?.root ?? Buffer.alloc(0),
    ])
  }
  return checkpoints.length
}

/** As they are, wrapped by the same key file; destroyed ones, too, so that no number is given again. */
async function copyKeys(client: Client, file: string): Promise<number> {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const keys = database.prepare('SELECT id, subject, class, day, kek_id, wrapped, is_closed FROM body_key ORDER BY id').all()
    for (const { id, subject, class: trafficClass, day, kek_id, wrapped, is_closed } of keys) {
      await client.query(
        `INSERT INTO ${KEYS_SCHEMA}.body_key (id, subject, class, day, kek_id, wrapped, is_closed) OVERRIDING SYSTEM VALUE
         VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [id, subject, trafficClass, day, kek_id, wrapped, is_closed === 1],
      )
    }
    const table = `${KEYS_SCHEMA}.body_key`
    await client.query(`SELECT setval(pg_get_serial_sequence('${table}', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM ${table}), false)`)
    for (const { name, facts } of database.prepare('SELECT name, facts FROM hold').all())
      await client.query(`INSERT INTO ${KEYS_SCHEMA}.hold VALUES ($1, $2)`, [name, facts])
    return keys.length
  } finally {
    database.close()
  }
}
