import { foldUser } from './address-key.ts'
import type { Snapshot, UserFacts } from './snapshot.ts'

/** What policy knows of an internal user; undefined where nothing was written. */
export function findUser(snapshot: Snapshot, user: string, domain: string): UserFacts | undefined {
  return snapshot.users.get(domain)?.get(foldUser(user))
}
