/** Values of a statement; placeholders are `?`. */
export type SqlValue = string | number

export type SqlRow = Readonly<Record<string, string | number | null>>

/** Statements of one transaction, or of none. */
export interface FactsQueries {
  /** Rows, with the names that the statement gives its columns in quotes. Numbers may come as text. */
  all(sql: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]>
  /** How many rows it touched. */
  run(sql: string, values?: readonly SqlValue[]): Promise<number>
}

/**
 * The database that facts lie in: SQLite or PostgreSQL, in the SQL that both understand. No call holds up the event loop; all reject
 * with GH-FACTS-STORE.
 */
export interface FactsDatabase {
  /** Brings the tables up to date. */
  open(): Promise<void>
  /** Reads what is committed. */
  readonly reading: Pick<FactsQueries, 'all'>
  /** All or nothing. Transactions of this process come one after the other on SQLite, beside each other on PostgreSQL. */
  transaction<T>(run: (queries: FactsQueries) => Promise<T>): Promise<T>
  /** Runs unless this or another process on the same database runs something under that name; false then. */
  exclusively(name: string, run: () => Promise<void>): Promise<boolean>
  close(): Promise<void>
}
