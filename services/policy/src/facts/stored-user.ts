import type { RightsSpec } from '@gatehouse/policy-engine'

export type FactsSource = 'directory' | 'import'
export type ContactOrigin = 'directory' | 'imported' | 'learned' | 'accepted'

/** One user as directory or import has them. */
export interface StoredUser {
  /** As `userKey` makes it. */
  readonly address: string
  /** Normalised distinguished name; empty for imports. */
  readonly externalId: string
  readonly rights: RightsSpec
  /** Lower-case names of groups, besides memberships of the directory. */
  readonly groups: readonly string[]
  readonly contacts: readonly string[]
  readonly safeList: readonly string[]
}

export interface Membership {
  readonly statedBy: string
  readonly member: string
  readonly group: string
}

export interface ContactRow {
  readonly address: string
  readonly origin: ContactOrigin
  /** 0: for ever. */
  readonly expiresMs: number
}

/** What goes when a pass ends: rows of the same source that the pass did not see. */
export interface Leftovers {
  readonly users: number
  readonly memberships: number
  readonly seenUsers: number
  readonly seenMemberships: number
}
