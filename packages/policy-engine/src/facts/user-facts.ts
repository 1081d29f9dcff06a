import type { RightsSpec } from '../document.ts'
import type { CompiledGroup, WrittenUser } from '../snapshot.ts'
import type { EffectiveFacts } from './effective-facts.ts'

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
  /** What the engine made of their like last: beside them, where it costs no look-up. Nobody else's business. */
  memo?: FactsMemo | undefined
}

/**
 * Effective facts, and what they were made with: the tables themselves must not be kept alive by them. Users of one kind have one memo
 * together, so that it is in the processor's cache though a million users are not.
 */
export interface FactsMemo {
  /** Without what is a user's own (`isKnown`, `written`, `found`). */
  readonly effective: EffectiveFacts
  /** Stands for the tables. */
  readonly tables: object
  /** What the document says of the user; undefined for most. */
  readonly written: WrittenUser | undefined
  /** Groups of the document that list the user. */
  readonly listed: readonly CompiledGroup[]
}

const NOTHING = { rights: {}, groups: [], contacts: new Map<string, number>(), safeList: new Set<string>() } as const

/** Facts of a user that nobody knows. */
export function unknownUser(detail: string): UserFacts {
  return { status: 'unknown', detail, ...NOTHING, memo: undefined }
}

/** In place of facts that could not be had. */
export function failedFacts(detail: string): UserFacts {
  return { status: 'failed', detail, ...NOTHING, memo: undefined }
}
