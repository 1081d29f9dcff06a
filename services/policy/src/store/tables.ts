/** Tables of both databases; `migrations.ts` makes them. PostgreSQL hands 64-bit numbers over as text. */
export interface Tables {
  /** One row: the revision in force. Every apply moves it first, so that two never make the same revision. */
  readonly head: { readonly id: number; readonly revision: number | string }
  readonly revision: {
    readonly revision: number | string
    readonly at_ms: number | string
    readonly author: string
    readonly reason: string
    readonly changes: number
  }
  /** One row for each object a revision touched; null: the object was not there. */
  readonly change: {
    readonly revision: number | string
    readonly kind: string
    readonly name: string
    readonly before: string | null
    readonly after: string | null
    /** Where the object was written in the document that was applied; null: in none (a rollback, or before schema 3). */
    readonly file: string | null
    readonly line: number | null
  }
  /** What the newest revision comes to. */
  readonly object: { readonly kind: string; readonly name: string; readonly spec: string }
}
