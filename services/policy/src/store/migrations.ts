/** One step of the schema. A step is never changed once released. */
export interface Migration {
  readonly version: number
  readonly sqlite: string
  readonly postgres: string
}

/** In a schema of their own, so that the database may be shared. */
export const POSTGRES_SCHEMA = 'gatehouse_policy'

export const migrations: readonly Migration[] = [
  {
    version: 1,
    sqlite: `
      CREATE TABLE revision (
        revision INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        author TEXT NOT NULL,
        reason TEXT NOT NULL,
        changes INTEGER NOT NULL
      ) STRICT;
      -- One row for each object a revision touched; NULL: the object was not there. Older revisions are found by undoing.
      CREATE TABLE change (
        revision INTEGER NOT NULL REFERENCES revision (revision),
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        before TEXT,
        after TEXT,
        PRIMARY KEY (revision, kind, name)
      ) STRICT, WITHOUT ROWID;
      -- What the newest revision comes to.
      CREATE TABLE object (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        spec TEXT NOT NULL,
        PRIMARY KEY (kind, name)
      ) STRICT, WITHOUT ROWID;
    `,
    postgres: `
      CREATE TABLE ${POSTGRES_SCHEMA}.revision (
        revision BIGINT PRIMARY KEY,
        at_ms BIGINT NOT NULL,
        author TEXT NOT NULL,
        reason TEXT NOT NULL,
        changes INTEGER NOT NULL
      );
      CREATE TABLE ${POSTGRES_SCHEMA}.change (
        revision BIGINT NOT NULL REFERENCES ${POSTGRES_SCHEMA}.revision (revision),
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        before TEXT,
        after TEXT,
        PRIMARY KEY (revision, kind, name)
      );
      CREATE TABLE ${POSTGRES_SCHEMA}.object (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        spec TEXT NOT NULL,
        PRIMARY KEY (kind, name)
      );
    `,
  },
  {
    // The revision in force in a row of its own: an apply takes its lock with the first statement.
    version: 2,
    sqlite: `
      CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL) STRICT;
      INSERT INTO head (id, revision) SELECT 1, coalesce(max(revision), 0) FROM revision;
    `,
    postgres: `
      CREATE TABLE ${POSTGRES_SCHEMA}.head (id INTEGER PRIMARY KEY CHECK (id = 1), revision BIGINT NOT NULL);
      INSERT INTO ${POSTGRES_SCHEMA}.head (id, revision) SELECT 1, coalesce(max(revision), 0) FROM ${POSTGRES_SCHEMA}.revision;
    `,
  },
  {
    // Where an object was written, so that a decision can name the line of the document. The index finds its latest change.
    version: 3,
    sqlite: `
      ALTER TABLE change ADD COLUMN file TEXT;
      ALTER TABLE change ADD COLUMN line INTEGER;
      CREATE INDEX change_by_object ON change (kind, name, revision);
    `,
    postgres: `
      ALTER TABLE ${POSTGRES_SCHEMA}.change ADD COLUMN file TEXT, ADD COLUMN line INTEGER;
      CREATE INDEX change_by_object ON ${POSTGRES_SCHEMA}.change (kind, name, revision);
    `,
  },
]

export const NEWEST_SCHEMA: number = Math.max(...migrations.map(({ version }) => version))
