import { GatewayError, messageOf } from '@gatehouse/errors'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Pool } from 'pg'
import { policyError } from '../errors.ts'
import { migrations, NEWEST_SCHEMA, POSTGRES_SCHEMA } from './migrations.ts'
import { RevisionStore } from './revision-store.ts'
import type { Tables } from './tables.ts'

/** Any fixed number: replicas that start together migrate one after the other. */
const MIGRATION_LOCK = 7_064_001
const CONNECT_MS = 5_000
/** Longer than any apply takes; a replica that hangs must not hold the others up for ever. */
const LOCK_MS = 30_000

/** The revisions of several replicas of the policy service in one PostgreSQL database. Rejects with GH-REVISION-STORE. */
export async function openPostgres(connectionString: string, log: (text: string) => void): Promise<RevisionStore> {
  const pool = new Pool({
    connectionString,
    max: 4,
    connectionTimeoutMillis: CONNECT_MS,
    lock_timeout: LOCK_MS,
    application_name: 'gatehouse-policy',
  })
  // without a listener a connection that the server closes while idle would end the process
  pool.on('error', (error) => log(error.message))
  const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  try {
    await migrate(database)
    return new RevisionStore(database.withSchema(POSTGRES_SCHEMA), () => database.destroy())
  } catch (thrown) {
    await database.destroy()
    if (thrown instanceof GatewayError) throw thrown
    throw policyError('GH-REVISION-STORE', messageOf(thrown), { cause: thrown })
  }
}

async function migrate(database: Kysely<Tables>): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    await sql`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(transaction)
    await sql.raw(`CREATE SCHEMA IF NOT EXISTS ${POSTGRES_SCHEMA}`).execute(transaction)
    await sql.raw(`CREATE TABLE IF NOT EXISTS ${POSTGRES_SCHEMA}.schema_version (version INTEGER NOT NULL)`).execute(transaction)
    const { rows } = await sql<{
      version: number | null
    }>`SELECT max(version) AS version FROM ${sql.table(`${POSTGRES_SCHEMA}.schema_version`)}`.execute(transaction)
    const found = rows[0]?.version ?? 0
    if (found > NEWEST_SCHEMA)
      throw policyError('GH-REVISION-STORE', `The database has schema ${found}; this version knows ${NEWEST_SCHEMA}.`)
    for (const { version, postgres } of migrations) {
      if (version <= found) continue
      await sql.raw(postgres).execute(transaction)
      await sql.raw(`INSERT INTO ${POSTGRES_SCHEMA}.schema_version (version) VALUES (${version})`).execute(transaction)
    }
  })
}
