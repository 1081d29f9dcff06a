import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { messageOf } from '@gatehouse/errors'
import { Pool } from 'pg'
import { PostgresCommitter } from '../../commit/postgres-committer.ts'
import type { ArchiveConfig } from '../../config.ts'
import { archiveError } from '../../errors.ts'
import { KeyRing } from '../../seal/key-ring.ts'
import { PostgresKeys } from '../../seal/postgres-keys.ts'
import type { LogStore, LogStoreDeps } from '../log-store.ts'
import { PostgresReader } from './postgres-reader.ts'

const READERS = 3
const CONNECT_MS = 5_000

/** A log in PostgreSQL, which several services write. Throws GH-ARCHIVE-DATABASE when the file with its address cannot be read. */
export function postgresStore(config: ArchiveConfig, section: NonNullable<ArchiveConfig['postgres']>, deps: LogStoreDeps): LogStore {
  const url = readUrl(section.urlFile)
  const { encryption, checkpoint } = config
  const { key, nowUs, onState } = deps
  const committer = new PostgresCommitter(
    {
      url,
      lockTimeoutMs: section.lockTimeoutMs,
      newLogId: () => randomBytes(16),
      encryptionKeyFile: encryption?.keyFile,
      checkpoints: { everyRecords: checkpoint.everyRecords, everyMs: checkpoint.everyMs, file: checkpoint.file },
      key,
      nowUs,
      maxPendingBytes: config.maxPendingBytes,
    },
    onState,
  )
  return {
    committer,
    openLog: () => new PostgresReader(readersOf(url)),
    hasLog: () => committer.state().isAccepting,
    openKeys: encryption === undefined ? undefined : () => new PostgresKeys(readersOf(url), KeyRing.read(encryption.keyFile)),
  }
}

function readersOf(url: string): Pool {
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

function readUrl(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (thrown) {
    throw archiveError('GH-ARCHIVE-DATABASE', messageOf(thrown), { cause: thrown })
  }
}
