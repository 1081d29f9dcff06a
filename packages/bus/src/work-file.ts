import { DatabaseSync } from 'node:sqlite'
import { messageOf } from '@gatehouse/errors'
import { busError } from './errors.ts'
import type { LaneState, NewWork, PulledWork, Work } from './work-queue.ts'
import { WORK_ID_MEMORY_MS } from './work-queue.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS work (
    position INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, id TEXT NOT NULL, lane TEXT NOT NULL, key TEXT NOT NULL,
    put_at INTEGER NOT NULL, attempts INTEGER NOT NULL, visible_at INTEGER NOT NULL, is_open INTEGER NOT NULL, data BLOB NOT NULL,
    UNIQUE (queue, id)) STRICT;
  CREATE INDEX IF NOT EXISTS work_by_key ON work (queue, lane, key, position);
  CREATE TABLE IF NOT EXISTS done (queue TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (queue, id)) STRICT;
  CREATE INDEX IF NOT EXISTS done_by_time ON done (at);
`

const FIELDS = 'position, id, lane, key, put_at, attempts, data'

// The first of each key, where nothing holds it back.
const HEADS = `
  SELECT ${FIELDS}, is_open FROM work WHERE visible_at <= ?3 AND position IN
    (SELECT MIN(position) FROM work WHERE queue = ?1 AND lane = ?2 GROUP BY key) ORDER BY position LIMIT ?4`

/** Durable work of the embedded bus, in an SQLite file that one process has to itself. */
export interface WorkFile {
  /** One commit for all; each result says whether the id was known. */
  put(queue: string, works: readonly NewWork[], nowMs: number): readonly boolean[]
  pull(queue: string, lane: string, max: number, nowMs: number, visibilityMs: number): readonly PulledWork[]
  ack(queue: string, lane: string, key: string, position: number, nowMs: number): boolean
  retry(queue: string, lane: string, position: number, visibleAtMs: number): void
  wake(queue: string, lane: string): void
  lanes(queue: string): readonly LaneState[]
  list(queue: string, lane: string, afterPosition: number, max: number): readonly Work[]
  close(): void
}

/**
 * Opening and each call throw GH-BUS-STORE when the file cannot be used, also when another process has it. What an earlier
 * process had pulled and not answered is free again: that process is gone, or the file could not be had.
 */
export function openWorkFile(file: string): WorkFile {
  return new SqliteWorkFile(file)
}

class SqliteWorkFile implements WorkFile {
  readonly #file: string
  readonly #database: DatabaseSync
  readonly #statements: ReturnType<typeof prepareAll>

  constructor(file: string) {
    this.#file = file
    this.#database = this.#guarded(() => {
      const opened = new DatabaseSync(file, { timeout: 1000 })
      // FULL: a commit is on the disk before it is acknowledged.
      opened.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${SCHEMA}`)
      opened.exec('UPDATE work SET visible_at = 0 WHERE is_open = 1')
      return opened
    })
    this.#statements = prepareAll(this.#database)
  }

  put(queue: string, works: readonly NewWork[], nowMs: number): readonly boolean[] {
    return this.#transaction(() => works.map((work) => this.#putOne(queue, work, nowMs)))
  }

  pull(queue: string, lane: string, max: number, nowMs: number, visibilityMs: number): readonly PulledWork[] {
    return this.#transaction(() => {
      const rows = this.#statements.heads.all(queue, lane, nowMs, max)
      for (const row of rows) this.#statements.open.run(nowMs + visibilityMs, Number(row['position']))
      return rows.map((row) => {
        const work = workOf(row)
        return { ...work, attempts: work.attempts + 1, isInterrupted: row['is_open'] === 1 }
      })
    })
  }

  ack(queue: string, lane: string, key: string, position: number, nowMs: number): boolean {
    return this.#transaction(() => {
      this.#statements.remember.run(nowMs, position, queue, lane)
      this.#statements.remove.run(position, queue, lane)
      this.#statements.forget.run(nowMs - WORK_ID_MEMORY_MS)
      return this.#statements.isWaiting.get(queue, lane, key) === undefined
    })
  }

  retry(queue: string, lane: string, position: number, visibleAtMs: number): void {
    this.#guarded(() => this.#statements.giveBack.run(visibleAtMs, position, queue, lane))
  }

  wake(queue: string, lane: string): void {
    this.#guarded(() => this.#statements.wake.run(queue, lane))
  }

  lanes(queue: string): readonly LaneState[] {
    return this.#guarded(() =>
      this.#statements.lanes.all(queue).map((row) => ({
        lane: String(row['lane']),
        count: Number(row['count']),
        oldestPutAtMs: Number(row['oldest']),
      })),
    )
  }

  list(queue: string, lane: string, afterPosition: number, max: number): readonly Work[] {
    return this.#guarded(() => this.#statements.list.all(queue, lane, afterPosition, max).map(workOf))
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close()
  }

  #putOne(queue: string, work: NewWork, nowMs: number): boolean {
    if (this.#statements.isDone.get(queue, work.id) !== undefined) return true
    return this.#statements.insert.run(queue, work.id, work.lane, work.key, nowMs, work.data).changes === 0
  }

  #transaction<T>(run: () => T): T {
    return this.#guarded(() => {
      this.#database.exec('BEGIN IMMEDIATE')
      try {
        const result = run()
        this.#database.exec('COMMIT')
        return result
      } catch (thrown) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
        throw thrown
      }
    })
  }

  #guarded<T>(run: () => T): T {
    try {
      return run()
    } catch (thrown) {
      throw busError('GH-BUS-STORE', `${this.#file}: ${messageOf(thrown)}`, { cause: thrown })
    }
  }
}

function prepareAll(database: DatabaseSync) {
  return {
    insert: database.prepare(
      'INSERT INTO work (queue, id, lane, key, put_at, attempts, visible_at, is_open, data) VALUES (?, ?, ?, ?, ?, 0, 0, 0, ?) ON CONFLICT DO NOTHING',
    ),
    isDone: database.prepare('SELECT 1 FROM done WHERE queue = ? AND id = ?'),
    heads: database.prepare(HEADS),
    open: database.prepare('UPDATE work SET attempts = attempts + 1, is_open = 1, visible_at = ? WHERE position = ?'),
    isWaiting: database.prepare('SELECT 1 FROM work WHERE queue = ? AND lane = ? AND key = ? LIMIT 1'),
    remember: database.prepare('INSERT OR REPLACE INTO done SELECT queue, id, ? FROM work WHERE position = ? AND queue = ? AND lane = ?'),
    remove: database.prepare('DELETE FROM work WHERE position = ? AND queue = ? AND lane = ?'),
    forget: database.prepare('DELETE FROM done WHERE at < ?'),
    giveBack: database.prepare('UPDATE work SET is_open = 0, visible_at = ? WHERE position = ? AND queue = ? AND lane = ?'),
    wake: database.prepare('UPDATE work SET visible_at = 0 WHERE queue = ? AND lane = ? AND is_open = 0'),
    lanes: database.prepare('SELECT lane, COUNT(*) AS count, MIN(put_at) AS oldest FROM work WHERE queue = ? GROUP BY lane ORDER BY lane'),
    list: database.prepare(`SELECT ${FIELDS} FROM work WHERE queue = ? AND lane = ? AND position > ? ORDER BY position LIMIT ?`),
  }
}

function workOf(row: Record<string, unknown>): Work {
  return {
    position: Number(row['position']),
    id: String(row['id']),
    lane: String(row['lane']),
    key: String(row['key']),
    putAtMs: Number(row['put_at']),
    attempts: Number(row['attempts']),
    data: row['data'] as Uint8Array,
  }
}
