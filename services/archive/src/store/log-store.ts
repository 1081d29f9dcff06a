import type { SigningKey } from '../chain/signing-key.ts'
import type { EngineState } from '../commit/commit-engine.ts'
import type { Committer } from '../commit/committer.ts'
import type { ArchiveConfig } from '../config.ts'
import type { KeyVault } from '../seal/key-vault.ts'
import type { ThreadSource } from '../verify/verify-threads.ts'
import type { Awaitable, LogSource } from './log-source.ts'
import { postgresStore } from './postgres/postgres-store.ts'
import { sqliteStore } from './sqlite-store.ts'

/** What a database does for the archive: takes records, hands them out, keeps the body keys. */
export interface LogStore {
  readonly committer: Committer
  /** Throws or rejects when the log cannot be opened. */
  readonly openLog: () => Awaitable<LogSource>
  /** Where threads that check it find it. */
  readonly threadSource: ThreadSource
  /** Whether there is a log to open. */
  readonly hasLog: () => boolean
  /** Undefined: bodies are kept in clear. */
  readonly openKeys: (() => KeyVault) | undefined
}

export interface LogStoreDeps {
  readonly key: SigningKey
  readonly keyFile: string
  /** Microseconds since the epoch. */
  readonly nowUs: () => number
  readonly onState: (state: EngineState) => void
}

/** The database that the configuration names. Throws GH-ARCHIVE-DATABASE when the file with its address cannot be read. */
export function logStoreOf(config: ArchiveConfig, deps: LogStoreDeps): LogStore {
  return config.postgres === undefined ? sqliteStore(config, deps) : postgresStore(config, config.postgres, deps)
}
