import { Pool } from 'pg'
import { PostgresReader } from './postgres-reader.ts'

const READERS = 3
const CONNECT_MS = 5_000

/** Connections that read, opened when they are needed. */
export function openReaders(url: string): Pool {
  const pool = new Pool({
    connectionString: url,
    max: READERS,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'gatehouse-archive-read',
    allowExitOnIdle: true,
  })
  // Without a listener a connection that the server closes while idle would end the process; the next question opens another.
  pool.on('error', () => {})
  return pool
}

export function openPostgresReader(url: string): PostgresReader {
  return new PostgresReader(openReaders(url))
}
