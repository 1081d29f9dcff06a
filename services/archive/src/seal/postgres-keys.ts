import type { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { Client, Pool, PoolClient } from 'pg'
import { KEYS_SCHEMA } from '../store/postgres/postgres-migrations.ts'
import { POSTGRES_SCHEMA } from '../store/postgres/schema-name.ts'
import type { KeyRing } from './key-ring.ts'
import { type BodyKey, type Hold, type KeyFacts, type KeyScope, type KeyVault, placeOf } from './key-vault.ts'

interface KeyRow {
  readonly id: string
  readonly subject: string
  readonly class: string
  readonly day: string
  readonly kek_id: string
  readonly wrapped: Buffer
}

const KEYS = `${KEYS_SCHEMA}.body_key`
const HOLDS = `${KEYS_SCHEMA}.hold`

/** Body keys and holds in PostgreSQL, in a schema of their own. */
export class PostgresKeys implements KeyVault {
  readonly #pool: Pool
  readonly #ring: KeyRing

  constructor(pool: Pool, ring: KeyRing) {
    this.#pool = pool
    this.#ring = ring
  }

  async key(id: number): Promise<Buffer | undefined> {
    const { rows } = await this.#pool.query<KeyRow>(`SELECT * FROM ${KEYS} WHERE id = $1 AND wrapped IS NOT NULL`, [id])
    return rows[0] === undefined ? undefined : unwrapRow(this.#ring, rows[0])
  }

  async keys(of: { readonly subject?: string; readonly beforeDay?: string }): Promise<KeyFacts[]> {
    const { rows } = await this.#pool.query<KeyRow>(
      `SELECT id, subject, class, day FROM ${KEYS}
       WHERE wrapped IS NOT NULL AND ($1::text IS NULL OR subject = $1) AND ($2::text IS NULL OR day < $2) ORDER BY id`,
      [of.subject ?? null, of.beforeDay ?? null],
    )
    return rows.map((row) => ({ id: Number(row.id), subject: row.subject, trafficClass: row.class, day: row.day }))
  }

  async close(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return
    await this.#asWriter((client) => client.query(`UPDATE ${KEYS} SET is_closed = true WHERE id = ANY($1::bigint[])`, [ids]))
  }

  async destroy(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return
    await this.#asWriter((client) =>
      client.query(`UPDATE ${KEYS} SET wrapped = NULL, is_closed = true WHERE id = ANY($1::bigint[])`, [ids]),
    )
    // The versions of the rows that had the key.
    await this.#pool.query(`VACUUM ${KEYS}`)
  }

  async rewrap(): Promise<number> {
    let count = 0
    await this.#asWriter(async (client) => {
      const { rows } = await client.query<KeyRow>(`SELECT * FROM ${KEYS} WHERE wrapped IS NOT NULL AND kek_id <> $1`, [
        this.#ring.currentId,
      ])
      for (const row of rows) {
        const wrapped = this.#ring.wrap(unwrapRow(this.#ring, row), placeOf(scopeOf(row)))
        await client.query(`UPDATE ${KEYS} SET kek_id = $1, wrapped = $2 WHERE id = $3`, [this.#ring.currentId, wrapped, row.id])
      }
      count = rows.length
    })
    return count
  }

  async holds(): Promise<Hold[]> {
    const { rows } = await this.#pool.query<{ facts: string }>(`SELECT facts FROM ${HOLDS} ORDER BY name`)
    return rows.map(({ facts }) => JSON.parse(facts) as Hold)
  }

  async addHold(hold: Hold): Promise<boolean> {
    const { rowCount } = await this.#pool.query(`INSERT INTO ${HOLDS} VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
      hold.name,
      JSON.stringify(hold),
    ])
    return rowCount === 1
  }

  async releaseHold(name: string): Promise<boolean> {
    const { rowCount } = await this.#pool.query(`DELETE FROM ${HOLDS} WHERE name = $1`, [name])
    return rowCount === 1
  }

  async shut(): Promise<void> {
    await this.#pool.end()
  }

  /** Between two commits of any replica; all of them then look at the keys anew. */
  async #asWriter(change: (client: PoolClient) => Promise<unknown>): Promise<void> {
    const client = await this.#pool.connect()
    try {
      await client.query(`BEGIN; UPDATE ${POSTGRES_SCHEMA}.head SET keys_version = keys_version + 1`)
      await change(client)
      await client.query('COMMIT')
      client.release()
    } catch (thrown) {
      // A connection in the middle of a transaction goes nowhere else.
      client.release(true)
      throw thrown
    }
  }
}

/** What bodies are sealed with now, as a writer needs it: within its transaction, kept from one to the next. */
export class SealingKeys {
  readonly #ring: KeyRing
  readonly #open = new Map<string, BodyKey>()
  #version = -1

  constructor(ring: KeyRing) {
    this.#ring = ring
  }

  /** `version`: `keys_version` of the locked head. */
  refresh(version: number): void {
    if (version !== this.#version) this.#open.clear()
    this.#version = version
  }

  /** After a transaction that was not committed: keys it made are gone. */
  forget(): void {
    this.#open.clear()
  }

  known(scope: KeyScope): BodyKey | undefined {
    return this.#open.get(placeOf(scope))
  }

  /** Finds or makes the key of a scope, within the transaction that is open on the client. */
  async learn(client: Client, scope: KeyScope): Promise<BodyKey> {
    const values = [scope.subject, scope.trafficClass, scope.day]
    const { rows } = await client.query<KeyRow>(
      `SELECT * FROM ${KEYS} WHERE subject = $1 AND class = $2 AND day = $3 AND NOT is_closed`,
      values,
    )
    const key = rows[0] === undefined ? await this.#make(client, scope) : { id: Number(rows[0].id), key: unwrapRow(this.#ring, rows[0]) }
    this.#open.set(placeOf(scope), key)
    return key
  }

  async #make(client: Client, scope: KeyScope): Promise<BodyKey> {
    const key = randomBytes(32)
    const values = [scope.subject, scope.trafficClass, scope.day, this.#ring.currentId, this.#ring.wrap(key, placeOf(scope))]
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO ${KEYS} (subject, class, day, kek_id, wrapped) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
      values,
    )
    return { id: Number(rows[0]?.id), key }
  }
}

function scopeOf(row: KeyRow): KeyScope {
  return { subject: row.subject, trafficClass: row.class, day: row.day }
}

function unwrapRow(ring: KeyRing, row: KeyRow): Buffer {
  return ring.unwrap(row.kek_id, row.wrapped, placeOf(scopeOf(row)))
}
