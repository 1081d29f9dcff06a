import { foldUser, keyOf } from '../address-key.ts'
import type { CompiledGroup, Snapshot, UserTables, WrittenUser } from '../snapshot.ts'
import { type EffectiveFacts, makeEffective } from './effective-facts.ts'
import { compileRights } from './rights.ts'
import type { FactsMemo, UserFacts } from './user-facts.ts'

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

/**
 * What follows from rights and groups, with what is the user's own. It is put together anew each time: a copy of a dozen fields that are in the
 * processor's cache takes a tenth of what it takes to read one that was kept for each of a million users.
 */
function withFound(
  users: UserTables,
  written: WrittenUser | undefined,
  listed: readonly CompiledGroup[],
  found: UserFacts,
): EffectiveFacts {
  let memo = found.memo
  if (memo === undefined || memo.tables !== users.cache.tables || memo.written !== written || memo.listed !== listed) {
    memo = memoOf(users, written, listed, found)
    found.memo = memo
  }
  return { ...memo.effective, isKnown: written !== undefined || found.status === 'known', written, found }
}

/** Most users have the same rights and groups, and are not named in the document: they get the very same memo. */
function memoOf(users: UserTables, written: WrittenUser | undefined, listed: readonly CompiledGroup[], found: UserFacts): FactsMemo {
  const groups = groupsOf(users, listed, found)
  const own = { source: found.detail, rights: compileRights(found.rights) }
  const { tables, ofKind } = users.cache
  if (written !== undefined) {
    return { effective: makeEffective(users.settings, [written, own], groups, undefined, undefined), tables, written, listed }
  }
  const kind = JSON.stringify([found.detail, found.rights, groups.map(({ name }) => name)])
  let shared = ofKind.get(kind)
  if (shared === undefined) {
    const effective = makeEffective(users.settings, [own], groups, undefined, undefined)
    shared = { effective, tables, written: undefined, listed: NO_GROUPS }
    if (ofKind.size >= MAX_KINDS) ofKind.clear()
    ofKind.set(kind, shared)
  }
  return listed === NO_GROUPS ? shared : { ...shared, listed }
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
