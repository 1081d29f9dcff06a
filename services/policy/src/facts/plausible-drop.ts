import { factsError } from './facts-codes.ts'
import type { Leftovers } from './stored-user.ts'

/** So many may go whatever the share: in a small office two people leaving are a large part. */
const ALWAYS_FINE = 5

/**
 * Throws GH-FACTS-DROP when a pass that ended well would remove more than is plausible: a server that lost its data, a wrong base or
 * filter, an account without rights answer "nothing" without an error.
 */
export function checkDrop(leftovers: Leftovers, maxPercent: number): void {
  check('users', leftovers.users, leftovers.seenUsers, maxPercent)
  check('memberships', leftovers.memberships, leftovers.seenMemberships, maxPercent)
}

function check(what: string, gone: number, seen: number, maxPercent: number): void {
  if (gone === 0 || maxPercent >= 100) return
  const isFew = gone <= ALWAYS_FINE && seen > 0
  if (isFew || (gone * 100) / (gone + seen) <= maxPercent) return
  throw factsError('GH-FACTS-DROP', `${gone} of ${gone + seen} ${what} would go; ${maxPercent} % may.`, { facts: { gone, seen } })
}
