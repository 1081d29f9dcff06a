import { userKey } from '../address-key.ts'
import type { Rule } from '../rule-context.ts'

/** Rule 5. The internal user of either direction has to have the right to federate; who is not listed has it. */
export const userRights: Rule = {
  name: 'user-rights',
  apply: (context) => {
    const { input, snapshot, destination } = context
    const isOutbound = input.side === 'internal'
    if (snapshot.users.size === 0 || isOutbound === (destination?.to === 'inside')) return context.skip()
    const key = isOutbound ? userKey(input.fromUser, input.fromDomain) : userKey(input.toUser, input.toDomain)
    const user = snapshot.users.get(key)
    if (user !== undefined && !user.mayFederate) return context.deny('GH-POLICY-USER-FEDERATION', `User ${key}.`, user.source)
    if (context.isExplaining) {
      context.detail = user === undefined ? `${key} has no rights of its own; the default is to federate` : `${key} may federate`
      context.source = user?.source
    }
    return undefined
  },
}
