import type { Client } from 'pg'
import { archiveError } from '../../errors.ts'
import { POSTGRES_SCHEMA } from './schema-name.ts'

/** Body keys lie in a schema of their own: a dump of the log has none of them. */
export const KEYS_SCHEMA = 'gatehouse_archive_keys'

/** Steps of the schema; a step is never changed once released. */
const MIGRATIONS: readonly { readonly version: number; readonly sql: string }[] = [
  {
    version: 1,
    sql: `
      -- One row: the end of the log. Whoever appends locks it, so that the log has one writer at a time and one chain.
      CREATE TABLE ${POSTGRES_SCHEMA}.head (
        is_only BOOLEAN PRIMARY KEY DEFAULT true CHECK (is_only),
        log_id BYTEA NOT NULL,
        sequence BIGINT NOT NULL,
        hash BYTEA NOT NULL,
        committed_at_us BIGINT NOT NULL,
        -- Raised when names are replaced and when keys are closed: replicas then forget what they keep of them.
        names_version BIGINT NOT NULL DEFAULT 0,
        keys_version BIGINT NOT NULL DEFAULT 0
      );
      -- The log: only ever appended to.
      CREATE TABLE ${POSTGRES_SCHEMA}.record (
        sequence BIGINT PRIMARY KEY,
        committed_at_us BIGINT NOT NULL,
        hash BYTEA NOT NULL,
        record BYTEA NOT NULL
      );
      -- Bodies are sealed or short: trying to compress them is time lost.
      ALTER TABLE ${POSTGRES_SCHEMA}.record ALTER COLUMN record SET STORAGE EXTERNAL;
      CREATE TABLE ${POSTGRES_SCHEMA}.checkpoint (
        sequence BIGINT PRIMARY KEY,
        hash BYTEA NOT NULL,
        signed_at_us BIGINT NOT NULL,
        key_id TEXT NOT NULL,
        signature BYTEA NOT NULL,
        first_sequence BIGINT NOT NULL,
        root BYTEA NOT NULL
      );
      -- All below is derived from the log.
      CREATE TABLE ${POSTGRES_SCHEMA}.address (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, address TEXT NOT NULL UNIQUE);
      CREATE TABLE ${POSTGRES_SCHEMA}.domain_pair (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        from_domain TEXT NOT NULL,
        to_domain TEXT NOT NULL,
        UNIQUE (from_domain, to_domain)
      );
      CREATE INDEX domain_pair_to ON ${POSTGRES_SCHEMA}.domain_pair (to_domain);
      CREATE TABLE ${POSTGRES_SCHEMA}.entry (
        sequence BIGINT PRIMARY KEY,
        envelope_id BYTEA NOT NULL,
        -- *_mark: day of the commit and a number: of the key, an address, a pair of domains, the conversation's name.
        key_mark BIGINT NOT NULL,
        from_mark BIGINT NOT NULL,
        to_mark BIGINT NOT NULL,
        domains_mark BIGINT NOT NULL,
        conversation_mark BIGINT NOT NULL,
        at_us BIGINT NOT NULL,
        kind BIGINT NOT NULL,
        verdict TEXT NOT NULL,
        mark TEXT NOT NULL,
        key_id BIGINT NOT NULL
      );
      CREATE UNIQUE INDEX entry_envelope ON ${POSTGRES_SCHEMA}.entry (envelope_id);
      CREATE INDEX entry_key ON ${POSTGRES_SCHEMA}.entry (key_mark);
      CREATE INDEX entry_from ON ${POSTGRES_SCHEMA}.entry (from_mark);
      CREATE INDEX entry_to ON ${POSTGRES_SCHEMA}.entry (to_mark);
      CREATE INDEX entry_domains ON ${POSTGRES_SCHEMA}.entry (domains_mark);
      CREATE INDEX entry_conversation ON ${POSTGRES_SCHEMA}.entry (conversation_mark);
      CREATE INDEX entry_denied ON ${POSTGRES_SCHEMA}.entry (sequence) WHERE verdict = 'deny';
      CREATE INDEX entry_unverified ON ${POSTGRES_SCHEMA}.entry (sequence) WHERE mark = 'unverified';
      CREATE INDEX entry_key_id ON ${POSTGRES_SCHEMA}.entry (key_id) WHERE key_id > 0;
      -- Records that hold what became of one message, and of many: by the time in the ids of those.
      CREATE TABLE ${POSTGRES_SCHEMA}.outcome (
        envelope_id BYTEA NOT NULL,
        sequence BIGINT NOT NULL,
        at_us BIGINT NOT NULL,
        status BIGINT NOT NULL,
        PRIMARY KEY (envelope_id, sequence)
      );
      CREATE TABLE ${POSTGRES_SCHEMA}.outcome_bucket (
        bucket BIGINT NOT NULL,
        sequence BIGINT NOT NULL,
        -- 48 bits of SHA-256 over the record: whether it came before.
        digest BIGINT NOT NULL,
        PRIMARY KEY (bucket, sequence)
      );
      CREATE TABLE ${KEYS_SCHEMA}.body_key (
        -- The number of a destroyed key never comes back.
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        subject TEXT NOT NULL,
        class TEXT NOT NULL,
        day TEXT NOT NULL,
        kek_id TEXT NOT NULL,
        -- NULL once destroyed.
        wrapped BYTEA,
        is_closed BOOLEAN NOT NULL DEFAULT false
      );
      CREATE UNIQUE INDEX body_key_open ON ${KEYS_SCHEMA}.body_key (subject, class, day) WHERE NOT is_closed;
      CREATE INDEX body_key_day ON ${KEYS_SCHEMA}.body_key (day) WHERE wrapped IS NOT NULL;
      CREATE TABLE ${KEYS_SCHEMA}.hold (name TEXT PRIMARY KEY, facts TEXT NOT NULL);
    `,
  },
  {
    // The index in slices of many records, written behind the commits: see src/index. The first archive that starts makes it from the log.
    version: 2,
    sql: `
      DROP TABLE ${POSTGRES_SCHEMA}.entry, ${POSTGRES_SCHEMA}.outcome, ${POSTGRES_SCHEMA}.outcome_bucket,
        ${POSTGRES_SCHEMA}.address, ${POSTGRES_SCHEMA}.domain_pair;
      ALTER TABLE ${POSTGRES_SCHEMA}.head DROP COLUMN names_version;
      CREATE TABLE ${POSTGRES_SCHEMA}.slice (
        first BIGINT PRIMARY KEY,
        hash BYTEA NOT NULL,
        last_at_us BIGINT NOT NULL,
        id_steps BYTEA NOT NULL,
        outcome_steps BYTEA NOT NULL,
        greatest_id BYTEA NOT NULL,
        greatest_outcome_at_us BIGINT NOT NULL
      );
      CREATE TABLE ${POSTGRES_SCHEMA}.posting (
        first BIGINT NOT NULL,
        term BIGINT NOT NULL,
        part BIGINT NOT NULL,
        bytes BYTEA NOT NULL,
        PRIMARY KEY (first, term, part)
      );
      -- In the row itself, in one piece. (PostgreSQL before 16 does not know STORAGE within CREATE TABLE.)
      ALTER TABLE ${POSTGRES_SCHEMA}.posting ALTER COLUMN bytes SET STORAGE PLAIN;
    `,
  },
]

const NEWEST = MIGRATIONS[MIGRATIONS.length - 1]!.version

/** Any fixed number: replicas that start together migrate one after the other. */
const MIGRATION_LOCK = 7_064_002

/** Brings a database to the newest schema, at once or not at all. Rejects with GH-ARCHIVE-SCHEMA-NEWER or what PostgreSQL says. */
export async function migratePostgres(client: Client): Promise<void> {
  await client.query(`BEGIN; SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`)
  try {
    await client.query(`
      CREATE SCHEMA IF NOT EXISTS ${POSTGRES_SCHEMA};
      CREATE SCHEMA IF NOT EXISTS ${KEYS_SCHEMA};
      CREATE TABLE IF NOT EXISTS ${POSTGRES_SCHEMA}.schema_version (version INTEGER NOT NULL)`)
    const found = await postgresVersion(client)
    for (const { version, sql } of MIGRATIONS) {
      if (version <= found) continue
      await client.query(`${sql}; INSERT INTO ${POSTGRES_SCHEMA}.schema_version (version) VALUES (${version})`)
    }
    await client.query('COMMIT')
  } catch (thrown) {
    await client.query('ROLLBACK')
    throw thrown
  }
}

async function postgresVersion(client: Client): Promise<number> {
  const { rows } = await client.query<{ version: number | null }>(`SELECT max(version) AS version FROM ${POSTGRES_SCHEMA}.schema_version`)
  const version = rows[0]?.version ?? 0
  if (version > NEWEST) throw archiveError('GH-ARCHIVE-SCHEMA-NEWER', `its schema is ${version}, this version knows ${NEWEST}.`)
  return version
}
