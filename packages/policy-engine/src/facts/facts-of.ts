import { foldUser, keyOf } from '../address-key.ts'
import type { CompiledGroup, Snapshot, UserTables, WrittenUser } from '../snapshot.ts'
import { type EffectiveFacts, makeEffective } from './effective-facts.ts'
import { compileRights } from './rights.ts'
import type { UserFacts } from './user-facts.ts'

const NO_GROUPS: readonly CompiledGroup[] = []
/** Facts with contacts or lists of their own are of the same kind; only rights and groups tell kinds apart. */
const MAX_KINDS = 10_000

/** Whoever has facts at hand: the input of a decision. */
export interface FactsFinder {
  readonly facts?: ((userKey: string) => UserFacts | undefined) | undefined
}

/**
 * What holds for an internal user, by the document and by the facts `finder` has; undefined when those have to be fetched first.
 * Where the document looks nothing up, it is not asked.
 */
export function factsOf({ users }: Snapshot, user: string, domain: string, finder: FactsFinder): EffectiveFacts | undefined {
  const folded = foldUser(user)
  const written = users.written.get(domain)?.get(folded)
  const groups = users.memberships.get(domain)?.get(folded) ?? NO_GROUPS
  if (users.settings.isLookedUp) {
    const key = keyOf(folded, domain)
    const found = finder.facts?.(key)
    return found === undefined ? undefined : withFound(users, written, groups, found)
  }
  return written === undefined && groups.length === 0 ? users.byDefault : writtenOnly(users, folded, domain, written, groups)
}

/** Kept with the facts themselves, for as long as the document says the same of the user: two users may share facts, but no entry. */
function withFound(
  users: UserTables,
  written: WrittenUser | undefined,
  listed: readonly CompiledGroup[],
  found: UserFacts,
): EffectiveFacts {
  const kept = found.memo
  const { tables } = users.cache
  if (kept?.tables === tables && kept.written === written && kept.listed === listed) return kept
  const shared = sharedFacts(users, written, groupsOf(users, listed, found), found)
  found.memo = { ...shared, isKnown: written !== undefined || found.status === 'known', written, found, tables, listed }
  return found.memo
}

/** What follows from rights and groups: most users have the same ones, and then the very same objects. */
function sharedFacts(
  users: UserTables,
  written: WrittenUser | undefined,
  groups: readonly CompiledGroup[],
  found: UserFacts,
): EffectiveFacts {
  const own = { source: found.detail, rights: compileRights(found.rights) }
  if (written !== undefined) return makeEffective(users.settings, [written, own], groups, written, found)
  const { ofKind } = users.cache
  const kind = JSON.stringify([found.detail, found.rights, groups.map(({ name }) => name)])
  const known = ofKind.get(kind)
  if (known !== undefined) return known
  const made = makeEffective(users.settings, [own], groups, undefined, undefined)
  if (ofKind.size >= MAX_KINDS) ofKind.clear()
  ofKind.set(kind, made)
  return made
}

/** Those of the document that list the user, and those it has for the groups that facts name. */
function groupsOf(users: UserTables, listed: readonly CompiledGroup[], found: UserFacts): readonly CompiledGroup[] {
  const groups = [...listed]
  for (const name of found.groups) {
    for (const group of users.groupsByKey.get(name) ?? NO_GROUPS) if (!groups.includes(group)) groups.push(group)
  }
  // the order of a directory's answer must not show in decisions
  return groups.sort((left, right) => (left.name < right.name ? -1 : 1))
}

/** At most as many as the document names users. */
function writtenOnly(
  users: UserTables,
  user: string,
  domain: string,
  written: WrittenUser | undefined,
  groups: readonly CompiledGroup[],
): EffectiveFacts {
  const { ofWritten } = users.cache
  const kept = ofWritten.get(domain)?.get(user)
  if (kept !== undefined) return kept
  const made = makeEffective(users.settings, written === undefined ? [] : [written], groups, written, undefined)
  const inner = ofWritten.get(domain)
  if (inner === undefined) ofWritten.set(domain, new Map([[user, made]]))
  else inner.set(user, made)
  return made
}
