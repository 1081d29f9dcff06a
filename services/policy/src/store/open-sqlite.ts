import { DatabaseSync } from 'node:sqlite'
import { GatewayError, messageOf } from '@gatehouse/errors'
import { Kysely, SqliteDialect } from 'kysely'
import { policyError } from '../errors.ts'
import { migrations, NEWEST_SCHEMA } from './migrations.ts'
import { nodeSqliteDatabase } from './node-sqlite-database.ts'
import { RevisionStore } from './revision-store.ts'
import type { Tables } from './tables.ts'

/** Every revision in one SQLite file, each synced to the disk. Throws GH-REVISION-STORE, also for a file of a newer version. */
export function openSqlite(file: string): RevisionStore {
  try {
    const database = new DatabaseSync(file)
    database.exec('PRAGMA busy_timeout = 5000')
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
    migrate(database)
    // from here on the store waits itself: SQLite's own wait would hold up the event loop
    database.exec('PRAGMA busy_timeout = 0')
    return new RevisionStore(new Kysely<Tables>({ dialect: new SqliteDialect({ database: nodeSqliteDatabase(database) }) }))
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown
    throw policyError('GH-REVISION-STORE', `${file}: ${messageOf(thrown)}`, { cause: thrown })
  }
}

/** `PRAGMA user_version` holds the number of the last step done; each step is a transaction of its own. */
function migrate(database: DatabaseSync): void {
  const versionOf = (): number => (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
  const found = versionOf()
  if (found > NEWEST_SCHEMA) throw policyError('GH-REVISION-STORE', `The file has schema ${found}; this version knows ${NEWEST_SCHEMA}.`)
  for (const { version, sqlite } of migrations) {
    if (version <= versionOf()) continue
    database.exec('BEGIN IMMEDIATE')
    // another process may have done the step while this one waited for the lock
    if (version > versionOf()) database.exec(`${sqlite} PRAGMA user_version = ${version};`)
    database.exec('COMMIT')
  }
}
