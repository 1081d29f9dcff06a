// Entry of the thread that writes facts to SQLite; started by sqlite-facts-database.ts and by nothing else.
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '@gatehouse/errors'
import type { SqlRow } from './facts-database.ts'
import type { FromWriterThread, ToWriterThread } from './writer-messages.ts'

const MAX_STATEMENTS = 200

class Writer {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(file: string) {
    this.#database = new DatabaseSync(file)
    // NORMAL: after a power cut the last notes may be gone, never half of one; facts come again from their source
    this.#database.exec('PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  }

  answer({ id, call }: ToWriterThread): FromWriterThread {
    try {
      if (call.kind === 'rollback') {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
        return { id, rows: [], changes: 0, error: undefined }
      }
      const statement = this.#prepared(call.sql)
      if (call.kind === 'run') {
        return { id, rows: [], changes: Number(statement.run(...call.values).changes), error: undefined }
      }
      // plain objects: those of the driver have no prototype, and a message cannot say so
      return { id, rows: statement.all(...call.values).map((row) => ({ ...row })) as SqlRow[], changes: 0, error: undefined }
    } catch (thrown) {
      return { id, rows: [], changes: 0, error: messageOf(thrown) }
    }
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear()
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

function run(port: MessagePort, { file }: { readonly file: string }): void {
  const writer = new Writer(file)
  port.on('message', (message: ToWriterThread) => port.postMessage(writer.answer(message)))
}

if (parentPort !== null) run(parentPort, workerData as { readonly file: string })
