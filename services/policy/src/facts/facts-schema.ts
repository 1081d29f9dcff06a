import type { DatabaseSync } from 'node:sqlite'
import { factsError } from './facts-codes.ts'
import type { FactsQueries } from './facts-database.ts'

/**
 * Steps of the schema of facts, numbered apart from the revisions': the two grow independently. SQL that SQLite and PostgreSQL share.
 * A step is never changed once released.
 */
const STEPS: readonly { readonly version: number; readonly sql: readonly string[] }[] = [
  {
    version: 1,
    sql: [
      // what one source (directory, import) says of one user; `pass` is the last pass or import that saw the user
      `CREATE TABLE fact_user (
        address TEXT NOT NULL,
        source TEXT NOT NULL,
        external_id TEXT NOT NULL,
        pass BIGINT NOT NULL,
        facts TEXT NOT NULL,
        PRIMARY KEY (address, source)
      )`,
      'CREATE INDEX fact_user_pass ON fact_user (source, pass)',
      'CREATE INDEX fact_user_external ON fact_user (external_id)',
      // member is in grp because stated_by (the entry of either) says so; both are normalised distinguished names
      `CREATE TABLE fact_membership (
        stated_by TEXT NOT NULL,
        member TEXT NOT NULL,
        grp TEXT NOT NULL,
        pass BIGINT NOT NULL,
        PRIMARY KEY (stated_by, member, grp)
      )`,
      'CREATE INDEX fact_membership_member ON fact_membership (member, grp)',
      `CREATE TABLE fact_contact (
        address TEXT NOT NULL,
        contact TEXT NOT NULL,
        origin TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        expires_ms BIGINT NOT NULL,
        PRIMARY KEY (address, contact, origin)
      )`,
      'CREATE INDEX fact_contact_expires ON fact_contact (expires_ms)',
      `CREATE TABLE fact_first_contact (
        id BIGINT NOT NULL PRIMARY KEY,
        address TEXT NOT NULL,
        contact TEXT NOT NULL,
        partner TEXT NOT NULL,
        first_ms BIGINT NOT NULL,
        last_ms BIGINT NOT NULL,
        messages BIGINT NOT NULL,
        envelope_id TEXT NOT NULL
      )`,
      'CREATE UNIQUE INDEX fact_first_contact_pair ON fact_first_contact (address, contact)',
      'CREATE INDEX fact_first_contact_partner ON fact_first_contact (partner)',
      'CREATE TABLE fact_state (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)',
    ],
  },
]

const NEWEST = STEPS.at(-1)?.version ?? 0
/** Any fixed number but those of the revisions: replicas that start together migrate one after the other. */
const MIGRATION_LOCK = 7_064_004

/** Brings the tables up to date. Throws GH-FACTS-STORE for those of a newer version. */
export function migrateSqliteFacts(database: DatabaseSync): void {
  database.exec('CREATE TABLE IF NOT EXISTS fact_schema (version BIGINT NOT NULL PRIMARY KEY)')
  const versionOf = (): number => {
    const row = database.prepare('SELECT COALESCE(MAX(version), 0) AS version FROM fact_schema').get() as { version: number }
    return row.version
  }
  for (const { version, sql } of stepsAfter(versionOf())) {
    database.exec('BEGIN IMMEDIATE')
    // another process may have done the step while this one waited for the lock
    if (version > versionOf()) database.exec(`${sql.join('; ')}; INSERT INTO fact_schema (version) VALUES (${version})`)
    database.exec('COMMIT')
  }
}

/** The same in a schema of its own, so that the database may be shared. Rejects with GH-FACTS-STORE. */
export async function migratePostgresFacts(queries: FactsQueries, schema: string): Promise<void> {
  await queries.run('BEGIN')
  try {
    await queries.run(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`)
    await queries.run(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
    await queries.run('CREATE TABLE IF NOT EXISTS fact_schema (version BIGINT NOT NULL PRIMARY KEY)')
    const [row] = await queries.all('SELECT COALESCE(MAX(version), 0) AS version FROM fact_schema')
    for (const { version, sql } of stepsAfter(Number(row?.['version']))) {
      for (const statement of sql) await queries.run(statement)
      await queries.run('INSERT INTO fact_schema (version) VALUES (?)', [version])
    }
    await queries.run('COMMIT')
  } catch (thrown) {
    await queries.run('ROLLBACK')
    throw thrown
  }
}

function stepsAfter(found: number): typeof STEPS {
  if (found > NEWEST) throw factsError('GH-FACTS-STORE', `The tables have version ${found}; this one knows ${NEWEST}.`)
  return STEPS.filter(({ version }) => version > found)
}
