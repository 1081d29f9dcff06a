/** What became of one record. */
export type AppendOutcome =
  | { readonly ok: true; readonly sequence: number; readonly duplicate: boolean }
  | {
      readonly ok: false
      readonly code: string
      readonly detail: string
      /** False: it may have been committed all the same. */
      readonly isCertain: boolean
    }

export type OnAppended = (outcome: AppendOutcome) => void
