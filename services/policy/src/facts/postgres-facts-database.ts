import { readFileSync } from 'node:fs'
import { GatewayError, messageOf } from '@gatehouse/errors'
import { Pool, type PoolClient } from 'pg'
import { POSTGRES_SCHEMA } from '../store/migrations.ts'
import { factsError } from './facts-codes.ts'
import type { FactsDatabase, FactsQueries, SqlRow } from './facts-database.ts'
import { migratePostgresFacts } from './facts-schema.ts'

const CONNECT_MS = 5_000
/** Longer than any batch takes; a replica that hangs must not hold the others up for ever. */
const LOCK_MS = 30_000
/** Any fixed numbers; the second of a pair says what is locked. */
const LOCK_SPACE = 7_064_003

export interface PostgresFactsPlace {
  readonly urlFile: string
  readonly log: (text: string) => void
}

/** Facts in the PostgreSQL database of the revisions: all replicas of the policy service see the same. */
export class PostgresFactsDatabase implements FactsDatabase {
  readonly reading: FactsDatabase['reading'] = {
    all: (sql, values = []) => this.#guard(async () => rowsOf(await (await this.#opened()).query(numbered(sql), [...values]))),
  }
  readonly #place: PostgresFactsPlace
  #pool: Promise<Pool> | undefined

  /** Nothing is opened yet. */
  constructor(place: PostgresFactsPlace) {
    this.#place = place
  }

  async open(): Promise<void> {
    await this.#guard(() => this.#opened())
  }

  transaction<T>(run: (queries: FactsQueries) => Promise<T>): Promise<T> {
    return this.#guard(async () => {
      const client = await (await this.#opened()).connect()
      let isBroken = false
      try {
        await client.query('BEGIN')
        const result = await run(queriesOf(client))
        await client.query('COMMIT')
        return result
      } catch (thrown) {
        await client.query('ROLLBACK').catch(() => {
          isBroken = true
        })
        throw thrown
      } finally {
        client.release(isBroken)
      }
    })
  }

  exclusively(name: string, run: () => Promise<void>): Promise<boolean> {
    return this.#guard(async () => {
      // the lock lives as long as the connection: a replica that dies gives it back
      const client = await (await this.#opened()).connect()
      let isBroken = true
      try {
        const lock = [LOCK_SPACE, name]
        const [row] = rowsOf(await client.query('SELECT pg_try_advisory_lock($1, hashtext($2)) AS "isMine"', lock))
        const isMine = Boolean(row?.['isMine'])
        try {
          if (isMine) await run()
        } finally {
          if (isMine) await client.query('SELECT pg_advisory_unlock($1, hashtext($2))', lock)
        }
        isBroken = false
        return isMine
      } finally {
        // a connection that is closed holds no lock, whatever happened
        client.release(isBroken)
      }
    })
  }

  async close(): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    await (await pool?.catch(() => undefined))?.end()
  }

  #opened(): Promise<Pool> {
    this.#pool ??= this.#open().catch((thrown: unknown) => {
      this.#pool = undefined
      throw thrown
    })
    return this.#pool
  }

  async #open(): Promise<Pool> {
    const { urlFile, log } = this.#place
    const pool = new Pool({
      connectionString: readFileSync(urlFile, 'utf8').trim(),
      max: 6,
      connectionTimeoutMillis: CONNECT_MS,
      lock_timeout: LOCK_MS,
      application_name: 'gatehouse-policy-facts',
      options: `-c search_path=${POSTGRES_SCHEMA}`,
    })
    // without a listener a connection that the server closes while idle would end the process
    pool.on('error', (error) => log(error.message))
    try {
      const client = await pool.connect()
      try {
        await migratePostgresFacts(queriesOf(client), POSTGRES_SCHEMA)
      } finally {
        client.release()
      }
      return pool
    } catch (thrown) {
      await pool.end()
      throw thrown
    }
  }

  async #guard<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (thrown) {
      if (thrown instanceof GatewayError) throw thrown
      throw factsError('GH-FACTS-STORE', messageOf(thrown), { cause: thrown })
    }
  }
}

function queriesOf(client: PoolClient): FactsQueries {
  return {
    all: async (sql, values = []) => rowsOf(await client.query(numbered(sql), [...values])),
    run: async (sql, values = []) => (await client.query(numbered(sql), [...values])).rowCount ?? 0,
  }
}

function rowsOf({ rows }: { readonly rows: unknown[] }): readonly SqlRow[] {
  return rows as SqlRow[]
}

/** `?` as PostgreSQL writes it. No statement of ours has one within a text. */
function numbered(sql: string): string {
  let count = 0
  return sql.replaceAll('?', () => `$${++count}`)
}
