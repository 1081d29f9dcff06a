import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'

/** The tables that search reads, alike in both databases. */
export interface IndexTables {
  readonly address: { readonly id: number; readonly address: string }
  readonly domain_pair: { readonly id: number; readonly from_domain: string; readonly to_domain: string }
  readonly entry: {
    readonly sequence: number
    readonly from_mark: number
    readonly to_mark: number
    readonly domains_mark: number
    readonly conversation_mark: number
    readonly at_us: number
    readonly kind: number
    readonly verdict: string
    readonly mark: string
    readonly key_id: number
  }
}

/** In a schema of its own, so that the database may be shared. */
export const POSTGRES_SCHEMA = 'gatehouse_archive'

/** Builds statements for SQLite; they are run elsewhere. */
export const sqliteQueries: Kysely<IndexTables> = new Kysely<IndexTables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

/** The same for PostgreSQL. */
export const postgresQueries: Kysely<IndexTables> = new Kysely<IndexTables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new PostgresIntrospector(database),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
}).withSchema(POSTGRES_SCHEMA)
