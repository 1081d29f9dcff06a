import type { DatabaseSync } from 'node:sqlite'
import { archiveError } from '../errors.ts'

/** Steps of the schema; a step is never changed once released. `PRAGMA user_version` holds the number of the last one done. */
const MIGRATIONS: readonly { readonly version: number; readonly sql: string }[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
      -- The log: only ever appended to.
      CREATE TABLE record (
        sequence INTEGER PRIMARY KEY,
        committed_at_us INTEGER NOT NULL,
        hash BLOB NOT NULL,
        record BLOB NOT NULL
      ) STRICT;
      -- All below is derived from the log up to meta.indexed_sequence and can be made again from it.
      CREATE TABLE entry (
        sequence INTEGER PRIMARY KEY,
        envelope_id BLOB NOT NULL,
        idempotency_key BLOB NOT NULL,
        at_us INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        from_address TEXT NOT NULL,
        from_domain TEXT NOT NULL,
        to_address TEXT NOT NULL,
        to_domain TEXT NOT NULL,
        conversation TEXT NOT NULL,
        verdict TEXT NOT NULL,
        mark TEXT NOT NULL,
        code TEXT NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX entry_key ON entry (idempotency_key);
      CREATE UNIQUE INDEX entry_envelope ON entry (envelope_id);
      CREATE INDEX entry_from ON entry (from_address);
      CREATE INDEX entry_to ON entry (to_address);
      CREATE INDEX entry_from_domain ON entry (from_domain);
      CREATE INDEX entry_to_domain ON entry (to_domain);
      CREATE INDEX entry_conversation ON entry (conversation);
      -- Time needs none: it rises with the sequence. Refused and unverified messages are few and often asked for; for the others an index would not help.
      CREATE INDEX entry_refused ON entry (code) WHERE verdict = 'deny';
      CREATE INDEX entry_unverified ON entry (sequence) WHERE mark = 'unverified';
      CREATE TABLE outcome (
        envelope_id BLOB NOT NULL,
        sequence INTEGER NOT NULL,
        at_us INTEGER NOT NULL,
        status INTEGER NOT NULL,
        PRIMARY KEY (envelope_id, sequence)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE checkpoint (
        sequence INTEGER PRIMARY KEY,
        hash BLOB NOT NULL,
        signed_at_us INTEGER NOT NULL,
        key_id TEXT NOT NULL,
        signature BLOB NOT NULL
      ) STRICT;
    `,
  },
  {
    version: 2,
    sql: `
      ALTER TABLE checkpoint ADD COLUMN first_sequence INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE checkpoint ADD COLUMN root BLOB NOT NULL DEFAULT x'';
      -- Body key of the entry in the key store; 0: its body is not encrypted.
      ALTER TABLE entry ADD COLUMN key_id INTEGER NOT NULL DEFAULT 0;
      CREATE INDEX entry_key_id ON entry (key_id) WHERE key_id > 0;
    `,
  },
  {
    version: 3,
    sql: `
      -- Records that hold outcomes of many messages, by the times in the ids of those messages; outcome is for those that hold one.
      CREATE TABLE outcome_bucket (
        bucket INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        PRIMARY KEY (bucket, sequence)
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    // Names once instead of in every row and index, and each index by day: see day-marks.ts. The table is made again from the log.
    version: 4,
    sql: `
      CREATE TABLE address (id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE) STRICT;
      CREATE TABLE domain_pair (
        id INTEGER PRIMARY KEY,
        from_domain TEXT NOT NULL,
        to_domain TEXT NOT NULL,
        UNIQUE (from_domain, to_domain)
      ) STRICT;
      CREATE INDEX domain_pair_to ON domain_pair (to_domain);
      DROP TABLE entry;
      CREATE TABLE entry (
        sequence INTEGER PRIMARY KEY,
        envelope_id BLOB NOT NULL,
        -- *_mark: day of the commit and a number: of the key, an address, a pair of domains, the conversation's name.
        key_mark INTEGER NOT NULL,
        from_mark INTEGER NOT NULL,
        to_mark INTEGER NOT NULL,
        domains_mark INTEGER NOT NULL,
        conversation_mark INTEGER NOT NULL,
        at_us INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        verdict TEXT NOT NULL,
        mark TEXT NOT NULL,
        key_id INTEGER NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX entry_envelope ON entry (envelope_id);
      CREATE INDEX entry_key ON entry (key_mark);
      CREATE INDEX entry_from ON entry (from_mark);
      CREATE INDEX entry_to ON entry (to_mark);
      CREATE INDEX entry_domains ON entry (domains_mark);
      CREATE INDEX entry_conversation ON entry (conversation_mark);
      -- Few and often asked for; for the others an index would not help.
      CREATE INDEX entry_denied ON entry (sequence) WHERE verdict = 'deny';
      CREATE INDEX entry_unverified ON entry (sequence) WHERE mark = 'unverified';
      CREATE INDEX entry_key_id ON entry (key_id) WHERE key_id > 0;
      DELETE FROM outcome;
      DELETE FROM outcome_bucket;
      DELETE FROM meta WHERE name = 'indexed_sequence';
    `,
  },
  {
    // The index has a file of its own: see src/index. It is made from the log.
    version: 5,
    sql: `
      DROP TABLE entry;
      DROP TABLE outcome;
      DROP TABLE outcome_bucket;
      DROP TABLE address;
      DROP TABLE domain_pair;
      DELETE FROM meta WHERE name IN ('indexed_sequence', 'greatest_outcome_at_us');
    `,
  },
]

export const SCHEMA_VERSION: number = MIGRATIONS[MIGRATIONS.length - 1]!.version

/** Brings a database to the newest schema, each step in a transaction of its own. Throws GH-ARCHIVE-SCHEMA-NEWER. */
export function migrate(database: DatabaseSync): void {
  const version = schemaVersion(database)
  if (version > SCHEMA_VERSION) {
    throw archiveError('GH-ARCHIVE-SCHEMA-NEWER', `its schema is ${version}, this version knows ${SCHEMA_VERSION}.`)
  }
  for (const step of MIGRATIONS) {
    if (step.version <= version) continue
    database.exec(`BEGIN IMMEDIATE; ${step.sql} PRAGMA user_version = ${step.version}; COMMIT;`)
  }
}

export function schemaVersion(database: DatabaseSync): number {
  const row = database.prepare('PRAGMA user_version').get() as { user_version: number }
  return row.user_version
}
