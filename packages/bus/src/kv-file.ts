import { closeSync, fdatasync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf } from '@gatehouse/errors'
import type { KvEntry } from './bus.ts'
import type { KvStore } from './embedded-kv.ts'
import { busError } from './errors.ts'
import { SharedSync } from './shared-sync.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS entry (bucket TEXT, key TEXT, revision INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (bucket, key)) STRICT;
  CREATE TABLE IF NOT EXISTS bucket (name TEXT PRIMARY KEY, last_revision INTEGER NOT NULL) STRICT;
`

export interface KvFile extends KvStore {
  close(): void
}

/** Keeps buckets of the embedded bus in an SQLite file. Opening and each call throw GH-BUS-STORE when the file cannot be used. */
export function openKvFile(file: string): KvFile {
  const database = guarded(file, () => {
    const opened = new DatabaseSync(file, { timeout: 1000 })
    // NORMAL: a commit is in the log, not yet on the disk (https://sqlite.org/pragma.html#pragma_synchronous). That is left to a thread of the
    // pool, which syncs the log for all commits of meanwhile: the event loop does not stand still while the disk works.
    opened.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${SCHEMA}`)
    // there is a log from the first write on, until the last connection is closed
    opened.exec("INSERT OR IGNORE INTO bucket VALUES ('', 0)")
    return opened
  })
  const log = guarded(file, () => {
    const opened = openSync(`${file}-wal`, 'r+')
    // with NORMAL nobody else brings the new files' names to the disk before the first checkpoint
    syncFolder(dirname(file))
    return opened
  })
  const sync = new SharedSync((onDone) => fdatasync(log, onDone))
  const begin = database.prepare('BEGIN IMMEDIATE')
  const end = database.prepare('COMMIT')
  const put = database.prepare('INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)')
  const remove = database.prepare('DELETE FROM entry WHERE bucket = ? AND key = ?')
  const setRevision = database.prepare('INSERT OR REPLACE INTO bucket VALUES (?, ?)')
  const commit = (bucket: string, key: string, value: Uint8Array | undefined, revision: number): void => {
    begin.run()
    try {
      if (value === undefined) remove.run(bucket, key)
      else put.run(bucket, key, revision, value)
      setRevision.run(bucket, revision)
      end.run()
    } catch (thrown) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw thrown
    }
  }
  return {
    load: (bucket) => guarded(file, () => load(database, bucket)),
    save: (bucket, key, value, revision) => {
      guarded(file, () => commit(bucket, key, value, revision))
      return sync.wait().catch((thrown: unknown) => {
        throw storeError(file, thrown)
      })
    },
    close: () => {
      database.close()
      sync.idle(() => closeSync(log))
    },
  }
}

function load(database: DatabaseSync, bucket: string): { lastRevision: number; entries: KvEntry[] } {
  const rows = database.prepare('SELECT key, revision, value FROM entry WHERE bucket = ? ORDER BY revision').all(bucket)
  const last = database.prepare('SELECT last_revision FROM bucket WHERE name = ?').get(bucket)
  return {
    lastRevision: Number(last?.['last_revision'] ?? 0),
    entries: rows.map((row) => ({ key: String(row['key']), revision: Number(row['revision']), value: row['value'] as Uint8Array })),
  }
}

function syncFolder(folder: string): void {
  const opened = openSync(folder, 'r')
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}

function guarded<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    throw storeError(file, thrown)
  }
}

function storeError(file: string, thrown: unknown): Error {
  return busError('GH-BUS-STORE', `${file}: ${messageOf(thrown)}`, { cause: thrown })
}
