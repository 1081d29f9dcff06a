import type { DatabaseSync } from 'node:sqlite'
import { policyError } from '../errors.ts'

/** Steps of the schema; a step is never changed once released. `PRAGMA user_version` holds the number of the last one done. */
const MIGRATIONS: readonly { readonly version: number; readonly sql: string }[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE revision (
        revision INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        author TEXT NOT NULL,
        reason TEXT NOT NULL,
        changes INTEGER NOT NULL
      ) STRICT;
      -- One row for each object a revision touched; NULL: the object was not there. Older revisions are found by undoing.
      CREATE TABLE change (
        revision INTEGER NOT NULL REFERENCES revision (revision),
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        before TEXT,
        after TEXT,
        PRIMARY KEY (revision, kind, name)
      ) STRICT, WITHOUT ROWID;
      -- What the newest revision comes to.
      CREATE TABLE object (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        spec TEXT NOT NULL,
        PRIMARY KEY (kind, name)
      ) STRICT, WITHOUT ROWID;
    `,
  },
]

/** Brings the schema up to date, each step in a transaction of its own. Throws GH-REVISION-STORE for a file of a newer version. */
export function migrate(database: DatabaseSync): void {
  const row = database.prepare('PRAGMA user_version').get() as { user_version: number }
  const newest = MIGRATIONS.at(-1)?.version ?? 0
  if (row.user_version > newest) {
    throw policyError('GH-REVISION-STORE', `The file has schema ${row.user_version}; this version knows ${newest}.`)
  }
  for (const { version, sql } of MIGRATIONS) {
    if (version <= row.user_version) continue
    database.exec(`BEGIN IMMEDIATE; ${sql} PRAGMA user_version = ${version}; COMMIT`)
  }
}
