import { addressKey } from '@gatehouse/im-model'
import { foldUser } from '../address-key.ts'
import type { CompiledGroup, Snapshot, UserTables, WrittenUser } from '../snapshot.ts'
import { type EffectiveFacts, makeEffective } from './effective-facts.ts'
import { compileRights } from './rights.ts'
import type { UserFacts } from './user-facts.ts'

const NO_GROUPS: readonly CompiledGroup[] = []

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
    const key = addressKey(folded, domain)
    const found = finder.facts?.(key)
    return found === undefined ? undefined : withFound(users, key, written, groups, found)
  }
  return written === undefined && groups.length === 0 ? users.byDefault : writtenOnly(users, folded, domain, written, groups)
}

/** Kept as long as the facts object lives; one object that stands for several users is no basis for keeping. */
function withFound(
  users: UserTables,
  key: string,
  written: WrittenUser | undefined,
  listed: readonly CompiledGroup[],
  found: UserFacts,
): EffectiveFacts {
  const kept = users.cache.ofFound.get(found)
  if (kept?.user === key) return kept
  const groups = [...listed]
  for (const name of found.groups) {
    for (const group of users.groupsByKey.get(name) ?? NO_GROUPS) if (!groups.includes(group)) groups.push(group)
  }
  // the order of a directory's answer must not show in decisions
  groups.sort((left, right) => (left.name < right.name ? -1 : 1))
  const own = [...(written === undefined ? [] : [written]), { source: found.detail, rights: compileRights(found.rights) }]
  const made = makeEffective(key, users.settings, own, groups, written, found)
  if (kept === undefined) users.cache.ofFound.set(found, made)
  return made
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
  const made = makeEffective(addressKey(user, domain), users.settings, written === undefined ? [] : [written], groups, written, undefined)
  const inner = ofWritten.get(domain)
  if (inner === undefined) ofWritten.set(domain, new Map([[user, made]]))
  else inner.set(user, made)
  return made
}
