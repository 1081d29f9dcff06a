import { createHash } from 'node:crypto'
import type { ImAddress } from '@gatehouse/im-model'
import { userKey } from '@gatehouse/policy-engine'

/** The two ends of a conversation, whoever writes: what order is kept by. */
export function pairKey(from: ImAddress, to: ImAddress): string {
  const [left, right] = [userKey(from.user, from.domain), userKey(to.user, to.domain)].sort()
  return `${left} ${right}`
}

/** A thread for two people on a network that has none: always the same for the same two. */
export function conversationOfPair(protocol: string, from: ImAddress, to: ImAddress): string {
  return createHash('sha256')
    .update(`${protocol} ${pairKey(from, to)}`)
    .digest('base64url')
    .slice(0, 32)
}
