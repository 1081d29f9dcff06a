import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { GatewayError, messageOf } from '@gatehouse/errors'
import { factsError } from './facts-codes.ts'
import type { FactsDatabase, FactsQueries, SqlRow, SqlValue } from './facts-database.ts'
import { migrateSqliteFacts } from './facts-schema.ts'
import type { FromWriterThread, ToWriterThread, WriterCall } from './writer-messages.ts'

interface Waiting {
  readonly onDone: (rows: readonly SqlRow[], changes: number) => void
  readonly onFailure: (error: Error) => void
}

/** Statements kept prepared; those for lists have a text for each length. */
const MAX_STATEMENTS = 200

/**
 * Facts in SQLite. Reading is a matter of microseconds and done here; whatever writes goes through a thread, as a commit may wait for the
 * disk, and copying the log back into the file does. The thread starts with the first write.
 */
export class SqliteFactsDatabase implements FactsDatabase {
  readonly reading: FactsDatabase['reading'] = { all: async (sql, values = []) => this.#read(sql, values) }
  readonly #file: string
  readonly #statements = new Map<string, StatementSync>()
  readonly #waiting = new Map<number, Waiting>()
  readonly #held = new Set<string>()
  #reader: DatabaseSync | undefined
  #writer: Worker | undefined
  #lastId = 0
  #queue: Promise<unknown> = Promise.resolve()

  /** Nothing is opened yet. */
  constructor(file: string) {
    this.#file = file
  }

  async open(): Promise<void> {
    this.#opened()
  }

  transaction<T>(run: (queries: FactsQueries) => Promise<T>): Promise<T> {
    const turn = this.#queue.then(() => this.#transaction(run))
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  /** The file belongs to this process. */
  async exclusively(name: string, run: () => Promise<void>): Promise<boolean> {
    if (this.#held.has(name)) return false
    this.#held.add(name)
    try {
      await run()
    } finally {
      this.#held.delete(name)
    }
    return true
  }

  async close(): Promise<void> {
    await this.#queue
    const writer = this.#writer
    this.#writer = undefined
    await writer?.terminate()
    this.#statements.clear()
    this.#reader?.close()
    this.#reader = undefined
  }

  #read(sql: string, values: readonly SqlValue[]): readonly SqlRow[] {
    try {
      let statement = this.#statements.get(sql)
      if (statement === undefined) {
        statement = this.#opened().prepare(sql)
        if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear()
        this.#statements.set(sql, statement)
      }
      return statement.all(...values) as unknown as readonly SqlRow[]
    } catch (thrown) {
      throw failure(thrown)
    }
  }

  #opened(): DatabaseSync {
    if (this.#reader !== undefined) return this.#reader
    let database: DatabaseSync | undefined
    try {
      database = new DatabaseSync(this.#file)
      database.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL')
      migrateSqliteFacts(database)
      this.#reader = database
      return database
    } catch (thrown) {
      database?.close()
      throw thrown instanceof GatewayError ? thrown : factsError('GH-FACTS-STORE', `${this.#file}: ${messageOf(thrown)}`, { cause: thrown })
    }
  }

  async #transaction<T>(run: (queries: FactsQueries) => Promise<T>): Promise<T> {
    this.#opened()
    const queries: FactsQueries = {
      all: async (sql, values = []) => (await this.#ask({ kind: 'all', sql, values })).rows,
      run: async (sql, values = []) => (await this.#ask({ kind: 'run', sql, values })).changes,
    }
    try {
      await this.#ask({ kind: 'run', sql: 'BEGIN IMMEDIATE', values: [] })
      const result = await run(queries)
      await this.#ask({ kind: 'run', sql: 'COMMIT', values: [] })
      return result
    } catch (thrown) {
      // where the thread is gone, so is what it did not commit
      await this.#ask({ kind: 'rollback' }).catch(() => undefined)
      throw thrown instanceof GatewayError ? thrown : failure(thrown)
    }
  }

  #ask(call: WriterCall): Promise<{ readonly rows: readonly SqlRow[]; readonly changes: number }> {
    this.#writer ??= this.#spawn()
    this.#writer.ref()
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { onDone: (rows, changes) => resolve({ rows, changes }), onFailure: reject })
      this.#writer?.postMessage({ id, call } satisfies ToWriterThread)
    })
  }

  #spawn(): Worker {
    // The same file as TypeScript when run from source, as JavaScript when built.
    const entry = new URL(import.meta.url.endsWith('.ts') ? './writer-thread.ts' : './writer-thread.js', import.meta.url)
    const worker = new Worker(entry, { workerData: { file: this.#file } })
    let why = 'the thread that writes facts ended'
    worker.on('message', (message: FromWriterThread) => this.#take(message))
    worker.on('error', (thrown: unknown) => {
      why = messageOf(thrown)
    })
    worker.on('exit', () => {
      if (this.#writer === worker) this.#writer = undefined
      const lost = [...this.#waiting.values()]
      this.#waiting.clear()
      for (const { onFailure } of lost) onFailure(factsError('GH-FACTS-STORE', why))
    })
    return worker
  }

  #take({ id, rows, changes, error }: FromWriterThread): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    // a process that has nothing else to do may end
    if (this.#waiting.size === 0) this.#writer?.unref()
    if (error === undefined) waiting?.onDone(rows, changes)
    else waiting?.onFailure(factsError('GH-FACTS-STORE', error))
  }
}

function failure(thrown: unknown): GatewayError {
  return thrown instanceof GatewayError ? thrown : factsError('GH-FACTS-STORE', messageOf(thrown), { cause: thrown })
}
