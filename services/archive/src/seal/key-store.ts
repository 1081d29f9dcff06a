import type { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { KeyRing } from './key-ring.ts'
import { type BodyKey, type Hold, type KeyFacts, type KeyScope, type KeyVault, placeOf } from './key-vault.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS body_key (
    -- AUTOINCREMENT: the number of a destroyed key never comes back.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL,
    class TEXT NOT NULL,
    day TEXT NOT NULL,
    kek_id TEXT NOT NULL,
    -- NULL once destroyed.
    wrapped BLOB,
    is_closed INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS body_key_open ON body_key (subject, class, day) WHERE is_closed = 0;
  CREATE INDEX IF NOT EXISTS body_key_day ON body_key (day) WHERE wrapped IS NOT NULL;
  CREATE TABLE IF NOT EXISTS hold (name TEXT PRIMARY KEY, facts TEXT NOT NULL) STRICT;
`

/**
 * The body keys, wrapped, in a file of their own: a copy of the log restored after an erasure has no keys in it. Two connections
 * may use it, one that seals and one that destroys.
 */
export class KeyStore implements KeyVault {
  readonly #database: DatabaseSync
  readonly #ring: KeyRing
  readonly #open = new Map<string, BodyKey>()
  readonly #version: StatementSync
  readonly #find: StatementSync
  readonly #insert: StatementSync
  #seenVersion = -1

  /** Throws what SQLite throws. */
  constructor(file: string, ring: KeyRing, busyTimeoutMs: number) {
    this.#ring = ring
    this.#database = new DatabaseSync(file, { timeout: busyTimeoutMs })
    // secure_delete: what is removed is overwritten, so that a destroyed key is not found in the file.
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; ${SCHEMA}`)
    chmodSync(file, 0o600)
    this.#version = this.#database.prepare('PRAGMA data_version')
    this.#find = this.#database.prepare(
      'SELECT id, kek_id, wrapped FROM body_key WHERE subject = ? AND class = ? AND day = ? AND is_closed = 0',
    )
    this.#insert = this.#database.prepare('INSERT INTO body_key (subject, class, day, kek_id, wrapped) VALUES (?, ?, ?, ?, ?)')
  }

  /** Forgets keys that the other connection may have destroyed. Call before each batch. */
  refresh(): void {
    const version = Number(this.#version.get()?.['data_version'])
    if (version !== this.#seenVersion) this.#open.clear()
    this.#seenVersion = version
  }

  /** The key for what comes in now; made when there is none. It is certainly on the disk only after `settle`. */
  keyFor(scope: KeyScope): BodyKey {
    const name = placeOf(scope)
    const known = this.#open.get(name)
    if (known !== undefined) return known
    const row = this.#find.get(scope.subject, scope.trafficClass, scope.day)
    const found = row === undefined ? this.#make(scope) : { id: Number(row['id']), key: this.#unwrap(row, scope) }
    this.#open.set(name, found)
    return found
  }

  /** Commits the keys made since the last time. */
  settle(): void {
    if (this.#database.isTransaction) this.#database.exec('COMMIT')
  }

  /** Drops what was not settled. */
  abandon(): void {
    this.#open.clear()
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
  }

  /** A key by its number; undefined once destroyed. */
  key(id: number): Buffer | undefined {
    const row = this.#database.prepare('SELECT * FROM body_key WHERE id = ?').get(id)
    if (row === undefined || row['wrapped'] === null) return undefined
    return this.#unwrap(row, { subject: String(row['subject']), trafficClass: String(row['class']), day: String(row['day']) })
  }

  /** Keys that exist, of one user and/or of days before one. */
  keys(of: { readonly subject?: string; readonly beforeDay?: string }): KeyFacts[] {
    const rows = this.#database
      .prepare(
        'SELECT id, subject, class, day FROM body_key WHERE wrapped IS NOT NULL AND (? IS NULL OR subject = ?) AND (? IS NULL OR day < ?) ORDER BY id',
      )
      .all(of.subject ?? null, of.subject ?? null, of.beforeDay ?? null, of.beforeDay ?? null)
    return rows.map((row) => ({
      id: Number(row['id']),
      subject: String(row['subject']),
      trafficClass: String(row['class']),
      day: String(row['day']),
    }))
  }

  /** From now on nothing new is sealed with them. */
  close(ids: readonly number[]): void {
    const update = this.#database.prepare('UPDATE body_key SET is_closed = 1 WHERE id = ?')
    this.#atOnce(() => {
      for (const id of ids) update.run(id)
    })
  }

  /** Nothing sealed with them can be read again, by anybody. */
  destroy(ids: readonly number[]): void {
    if (ids.length === 0) return
    const update = this.#database.prepare('UPDATE body_key SET wrapped = NULL, is_closed = 1 WHERE id = ?')
    this.#atOnce(() => {
      for (const id of ids) update.run(id)
    })
    // The log of the key store has the bytes, too.
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  /** Wraps keys anew that an older key-encryption key wraps; how many. The older one may be removed then. */
  rewrap(): number {
    const rows = this.#database.prepare('SELECT * FROM body_key WHERE wrapped IS NOT NULL AND kek_id <> ?').all(this.#ring.currentId)
    const update = this.#database.prepare('UPDATE body_key SET kek_id = ?, wrapped = ? WHERE id = ?')
    this.#atOnce(() => {
      for (const row of rows) {
        const scope = { subject: String(row['subject']), trafficClass: String(row['class']), day: String(row['day']) }
        update.run(this.#ring.currentId, this.#ring.wrap(this.#unwrap(row, scope), placeOf(scope)), row['id']!)
      }
    })
    return rows.length
  }

  holds(): Hold[] {
    return this.#database
      .prepare('SELECT facts FROM hold ORDER BY name')
      .all()
      .map((row) => JSON.parse(String(row['facts'])) as Hold)
  }

  /** False: there is one of this name. */
  addHold(hold: Hold): boolean {
    const insert = this.#database.prepare('INSERT OR IGNORE INTO hold VALUES (?, ?)')
    return insert.run(hold.name, JSON.stringify(hold)).changes === 1
  }

  /** False: there is none of this name. */
  releaseHold(name: string): boolean {
    return this.#database.prepare('DELETE FROM hold WHERE name = ?').run(name).changes === 1
  }

  shut(): void {
    this.#database.close()
  }

  #make(scope: KeyScope): BodyKey {
    if (!this.#database.isTransaction) this.#database.exec('BEGIN IMMEDIATE')
    const key = randomBytes(32)
    const wrapped = this.#ring.wrap(key, placeOf(scope))
    const made = this.#insert.run(scope.subject, scope.trafficClass, scope.day, this.#ring.currentId, wrapped)
    return { id: Number(made.lastInsertRowid), key }
  }

  #unwrap(row: Readonly<Record<string, unknown>>, scope: KeyScope): Buffer {
    return this.#ring.unwrap(String(row['kek_id']), row['wrapped'] as Uint8Array, placeOf(scope))
  }

  #atOnce(change: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      change()
      this.#database.exec('COMMIT')
    } catch (thrown) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw thrown
    }
  }
}
