import type { SqlRow, SqlValue } from './facts-database.ts'

export type WriterCall =
  | { readonly kind: 'all' | 'run'; readonly sql: string; readonly values: readonly SqlValue[] }
  /** Whether a transaction is open or not. */
  | { readonly kind: 'rollback' }

/** Main thread → writer thread. */
export interface ToWriterThread {
  readonly id: number
  readonly call: WriterCall
}

/** Writer thread → main thread. */
export interface FromWriterThread {
  readonly id: number
  readonly rows: readonly SqlRow[]
  readonly changes: number
  readonly error: string | undefined
}
