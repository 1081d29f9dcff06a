import type { SqlValue } from './facts-database.ts'

/** Rows of one statement: well below the parameter limits of both databases. */
export const MAX_ROWS = 1_000

/** `?,?,?` for as many values. */
export function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(',')
}

/** `(?,?),(?,?)` for as many rows. */
export function rowMarks(rows: readonly (readonly SqlValue[])[]): string {
  return rows.map((row) => `(${marks(row)})`).join(',')
}

/** In lists that one statement may carry. */
export function chunksOf<T>(all: readonly T[]): T[][] {
  const chunks: T[][] = []
  for (let at = 0; at < all.length; at += MAX_ROWS) chunks.push(all.slice(at, at + MAX_ROWS))
  return chunks
}
