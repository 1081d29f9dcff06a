import { findUser } from '../find-user.ts'
import type { Rule } from '../rule-context.ts'

/** Rule 5. The internal user of either direction has to have the right to federate; who is not listed has it. */
export const userRights: Rule = {
  name: 'user-rights',
  apply: (context) => {
    const { input, snapshot, destination } = context
    const isOutbound = input.side === 'internal'
    if (snapshot.users.size === 0 || isOutbound === (destination?.to === 'inside')) return context.skip()
    const name = isOutbound ? input.fromUser : input.toUser
    const domain = isOutbound ? input.fromDomain : input.toDomain
    const user = findUser(snapshot, name, domain)
    if (user !== undefined && !user.mayFederate) return context.deny('GH-POLICY-USER-FEDERATION', `User ${name}@${domain}.`, user.source)
    if (context.isExplaining) {
      context.detail = user === undefined ? 'the user has no entry; the default is to federate' : 'the user may federate'
      context.source = user?.source
    }
    return undefined
  },
}
