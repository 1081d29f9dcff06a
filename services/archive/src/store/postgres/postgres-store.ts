import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { messageOf } from '@gatehouse/errors'
import { PostgresCommitter } from '../../commit/postgres-committer.ts'
import type { ArchiveConfig } from '../../config.ts'
import { archiveError } from '../../errors.ts'
import { KeyRing } from '../../seal/key-ring.ts'
import { PostgresKeys } from '../../seal/postgres-keys.ts'
import type { LogStore, LogStoreDeps } from '../log-store.ts'
import { openPostgresReader, openReaders } from './open-reader.ts'

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
    openLog: () => openPostgresReader(url),
    threadSource: { url },
    hasLog: () => committer.state().isAccepting,
    openKeys: encryption === undefined ? undefined : () => new PostgresKeys(openReaders(url), KeyRing.read(encryption.keyFile)),
  }
}

function readUrl(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (thrown) {
    throw archiveError('GH-ARCHIVE-DATABASE', messageOf(thrown), { cause: thrown })
  }
}
