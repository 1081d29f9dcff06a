export const NOW_MS = 1_800_000_000_000

/** A policy object as a document would have it; defaults are filled in by the document's own schema. */
export interface Written {
  readonly kind: string
  readonly name: string
  readonly spec: object
}

/** Domains of the small world that is not contoso.example. */
export const OUTSIDE = ['fabrikam.example', 'eu.fabrikam.example', 'woodgrove.example', 'hub.example'] as const
