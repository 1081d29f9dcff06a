import { FactsService } from '@gatehouse/proto'
import { guardService } from '@gatehouse/rpc'
import type { AccessList } from '../access/access-list.ts'
import { mayChange } from '../access/roles.ts'
import { policyError } from '../errors.ts'
import type { FactsHandlers } from './facts-handlers.ts'

/** Calls that change what is known of users: whoever may change `UserRights` may make them. */
const WRITES: ReadonlySet<string> = new Set([
  'putContacts',
  'importUsers',
  'releaseQuarantine',
  'syncDirectory',
] satisfies (keyof FactsHandlers)[])

/** The same handlers, each asking first whether the caller's role allows it. */
export function guardFacts(handlers: FactsHandlers, access: AccessList): FactsHandlers {
  return guardService(FactsService, handlers, (call, { caller }) => {
    const role = access.roleOf(caller)
    if (WRITES.has(call) && !mayChange(role, 'UserRights')) {
      throw policyError('GH-ACCESS-ROLE', `${JSON.stringify(caller)} is ${role} and changes nothing about users.`)
    }
  })
}
