import type { RightsSpec } from '../document.ts'

/** What directory, imports and the gate itself know about one internal user. Immutable: a change makes a new object. */
export interface UserFacts {
  /** `unknown`: no directory or import has the user (contacts may have been learned all the same). `failed`: nobody could be asked. */
  readonly status: 'known' | 'unknown' | 'failed'
  /** Where the facts come from, or why there are none. */
  readonly detail: string
  readonly rights: RightsSpec
  /** Lower-case names of groups as the directory or import has them, nesting resolved. */
  readonly groups: readonly string[]
  /** Address key → milliseconds since the epoch until which the contact counts; Infinity: always. */
  readonly contacts: ReadonlyMap<string, number>
  /** Address keys and domains. */
  readonly safeList: ReadonlySet<string>
}

const NOTHING = { rights: {}, groups: [], contacts: new Map<string, number>(), safeList: new Set<string>() } as const

/** Facts of a user that nobody knows. */
export function unknownUser(detail: string): UserFacts {
  return { status: 'unknown', detail, ...NOTHING }
}

/** In place of facts that could not be had. */
export function failedFacts(detail: string): UserFacts {
  return { status: 'failed', detail, ...NOTHING }
}
