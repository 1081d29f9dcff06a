import type { ArchiveMode } from '@gatehouse/im-model'
import type { StartRight } from '../document.ts'
import type { CompiledGroup, CompiledUserSettings, WrittenUser } from '../snapshot.ts'
import { narrowerStart, type Rights } from './rights.ts'
import type { FactsMemo, UserFacts } from './user-facts.ts'

/** A value and the object that says so: `kind/name`, the directory, an import. */
export interface Stated<T> {
  readonly value: T
  readonly source: string
}

/** What holds for one user once all levels have spoken. */
export interface EffectiveFacts {
  readonly isKnown: boolean
  readonly federation: Stated<boolean>
  readonly publicIm: Stated<boolean>
  readonly publicNetworks: Stated<ReadonlySet<string>> | undefined
  readonly remote: Stated<boolean>
  readonly start: Stated<StartRight>
  readonly allowedDomains: Stated<ReadonlySet<string>> | undefined
  /** Domain → who blocks it. */
  readonly blockedDomains: ReadonlyMap<string, string>
  /** Undefined: as the class of the traffic says. */
  readonly archiving: Stated<ArchiveMode> | undefined
  readonly groups: readonly CompiledGroup[]
  readonly written: WrittenUser | undefined
  readonly found: UserFacts | undefined
}

/** Effective facts made before. */
export interface EffectiveCache {
  /** Stands for the tables in what is kept elsewhere (`UserFacts.memo`). */
  readonly tables: object
  readonly ofWritten: Map<string, Map<string, EffectiveFacts>>
  /** By rights and groups: of a million users most have the same, and share what was made of them. */
  readonly ofKind: Map<string, FactsMemo>
}

interface Level {
  readonly source: string
  readonly rights: Rights
}

/**
 * User over groups over defaults, each right for itself: the user's own word counts, else that of the groups, else UserSettings.
 * The user's own word is that of `UserRights`, else that of directory or import. Among groups a `false` beats a `true`, the
 * narrower `start` the wider, lists of what is allowed are joined, and of `archiving` the most counts. Blocked domains of all levels are joined: a block always counts.
 */
export function makeEffective(
  settings: CompiledUserSettings,
  own: readonly Level[],
  groups: readonly CompiledGroup[],
  written: WrittenUser | undefined,
  found: UserFacts | undefined,
): EffectiveFacts {
  const levels: readonly (readonly Level[])[] = [...own.map((level) => [level]), groups, [settings]]
  const federation = firstOf(levels, (rights) => rights.federation, both) ?? { value: false, source: settings.source }
  return {
    isKnown: written !== undefined || found?.status === 'known',
    federation,
    publicIm: firstOf(levels, (rights) => rights.publicIm, both) ?? federation,
    publicNetworks: firstOf(levels, (rights) => rights.publicNetworks, joined),
    remote: firstOf(levels, (rights) => rights.remote, both) ?? { value: false, source: settings.source },
    start: firstOf(levels, (rights) => rights.start, narrowerStart) ?? { value: 'none', source: settings.source },
    allowedDomains: firstOf(levels, (rights) => rights.allowedDomains, joined),
    blockedDomains: allBlocked(levels),
    archiving: firstOf(levels, (rights) => rights.archiving, moreKept),
    groups,
    written,
    found,
  }
}

/** The word of the first level that says anything; several objects of one level are brought together. */
function firstOf<T>(
  levels: readonly (readonly Level[])[],
  read: (rights: Rights) => T | undefined,
  combine: (left: T, right: T) => T,
): Stated<T> | undefined {
  for (const level of levels) {
    let stated: Stated<T> | undefined
    for (const { source, rights } of level) {
      const value = read(rights)
      if (value === undefined) continue
      if (stated === undefined) stated = { value, source }
      else {
        const together = combine(stated.value, value)
        // the object that decides is named; where it takes several, all are
        if (together === value && together !== stated.value) stated = { value, source }
        else if (together !== stated.value) stated = { value: together, source: `${stated.source}, ${source}` }
      }
    }
    if (stated !== undefined) return stated
  }
  return undefined
}

/** What has to be kept for one reason is kept. */
export function moreKept(left: ArchiveMode, right: ArchiveMode): ArchiveMode {
  if (left === 'body' || right === 'body') return 'body'
  return left === 'envelope' ? left : right
}

function both(left: boolean, right: boolean): boolean {
  return left && right
}

function joined(left: ReadonlySet<string>, right: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...left, ...right])
}

const NONE_BLOCKED: ReadonlyMap<string, string> = new Map()

function allBlocked(levels: readonly (readonly Level[])[]): ReadonlyMap<string, string> {
  let blocked: Map<string, string> | undefined
  for (const level of levels) {
    for (const { source, rights } of level) {
      for (const domain of rights.blockedDomains ?? []) {
        blocked ??= new Map()
        if (!blocked.has(domain)) blocked.set(domain, source)
      }
    }
  }
  return blocked ?? NONE_BLOCKED
}
