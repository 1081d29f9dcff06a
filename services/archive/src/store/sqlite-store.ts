import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Committer } from '../commit/committer.ts'
import { DirectCommitter } from '../commit/direct-committer.ts'
import { ThreadCommitter } from '../commit/thread-committer.ts'
import type { ArchiveConfig } from '../config.ts'
import { keyStoreFile } from '../seal/body-keys.ts'
import { KeyRing } from '../seal/key-ring.ts'
import { KeyStore } from '../seal/key-store.ts'
import { LogReader } from './log-reader.ts'
import type { LogStore, LogStoreDeps } from './log-store.ts'

const THREAD_RESTART_MS = 500
const BUSY_TIMEOUT_MS = 1_000

/** A log in a SQLite file, which one service writes. */
export function sqliteStore(config: ArchiveConfig, deps: LogStoreDeps): LogStore {
  const { databaseFile, encryption } = config
  return {
    committer: createCommitter(config, deps),
    openLog: () => new LogReader(databaseFile),
    threadSource: { file: databaseFile },
    hasLog: () => existsSync(databaseFile),
    openKeys:
      encryption === undefined
        ? undefined
        : () => new KeyStore(keyStoreFile(databaseFile), KeyRing.read(encryption.keyFile), BUSY_TIMEOUT_MS),
  }
}

function createCommitter(config: ArchiveConfig, { key, keyFile, nowUs, onState }: LogStoreDeps): Committer {
  const { databaseFile, busyTimeoutMs, maxBytes, checkpoint } = config
  const encryptionKeyFile = config.encryption?.keyFile
  if (config.commitThread === 'own') {
    const data = {
      file: databaseFile,
      keyFile,
      busyTimeoutMs,
      maxBytes,
      encryptionKeyFile,
      checkpointEveryRecords: checkpoint.everyRecords,
      checkpointEveryMs: checkpoint.everyMs,
      checkpointFile: checkpoint.file,
    }
    return new ThreadCommitter({ data, maxPendingBytes: config.maxPendingBytes, restartMs: THREAD_RESTART_MS }, onState)
  }
  const checkpoints = { everyRecords: checkpoint.everyRecords, everyMs: checkpoint.everyMs, file: checkpoint.file }
  return new DirectCommitter(
    {
      file: databaseFile,
      busyTimeoutMs,
      maxBytes,
      encryptionKeyFile,
      newLogId: () => randomBytes(16),
      hasIndexThread: true,
      checkpoints,
      key,
      nowUs,
    },
    {
      defer: (run) => {
        setImmediate(run)
      },
      setTicker: (run, everyMs) => {
        const timer = setInterval(run, everyMs)
        return () => clearInterval(timer)
      },
    },
    onState,
  )
}
