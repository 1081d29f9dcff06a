import type { RpcContext } from '@gatehouse/rpc'
import { type AccessList, LOCAL_CALLER } from '../access/access-list.ts'
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

type AsyncCall = (request: never, context: RpcContext) => Promise<unknown>

/** The same handlers, each asking first whether the caller's role allows it. A call without context comes from this process. */
export function guardFacts(handlers: FactsHandlers, access: AccessList): FactsHandlers {
  const guarded: Record<string, AsyncCall> = {}
  for (const [name, handler] of Object.entries(handlers) as [string, AsyncCall][]) {
    guarded[name] = async (request, context: RpcContext | undefined) => {
      const caller = context?.caller ?? LOCAL_CALLER
      const role = access.roleOf(caller)
      if (WRITES.has(name) && !mayChange(role, 'UserRights')) {
        throw policyError('GH-ACCESS-ROLE', `${JSON.stringify(caller)} is ${role} and changes nothing about users.`)
      }
      return await handler.call(handlers, request, context as RpcContext)
    }
  }
  return guarded as unknown as FactsHandlers
}
