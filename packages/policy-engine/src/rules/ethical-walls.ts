import { userKey } from '../address-key.ts'
import type { EffectiveFacts } from '../facts/effective-facts.ts'
import type { Snapshot, Wall, WallSide } from '../snapshot.ts'

/** One end of a message as a wall sees it. */
export interface WallEnd {
  readonly user: string
  readonly domain: string
  /** Undefined for an end outside: nobody there is in one of our groups. */
  readonly facts: EffectiveFacts | undefined
}

/** The wall that stands between the two ends, whichever of them writes. */
export function wallBetween({ users }: Snapshot, left: WallEnd, right: WallEnd, nowMs: number): Wall | undefined {
  for (const wall of users.walls) {
    if (nowMs >= wall.expiresMs) continue
    if ((isOn(wall.left, left) && isOn(wall.right, right)) || (isOn(wall.left, right) && isOn(wall.right, left))) return wall
  }
  return undefined
}

function isOn(side: WallSide, { user, domain, facts }: WallEnd): boolean {
  if (side.users.size > 0 && side.users.has(userKey(user, domain))) return true
  if (side.groups.size > 0 && facts?.groups.some((group) => side.groups.has(group.name)) === true) return true
  return side.domains.size > 0 && coversDomain(side.domains, domain)
}

/** True when `domain` or one of its parents is in the set. */
export function coversDomain(domains: { has(domain: string): boolean }, domain: string): boolean {
  let name = domain
  for (;;) {
    if (domains.has(name)) return true
    const dot = name.indexOf('.')
    if (dot < 0) return false
    name = name.slice(dot + 1)
  }
}
