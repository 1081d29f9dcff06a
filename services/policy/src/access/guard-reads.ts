import { LOCAL_CALLER, type RpcContext } from '@gatehouse/rpc'
import type { AccessList } from './access-list.ts'

type AsyncCall = (request: never, context: RpcContext) => Promise<unknown>

/** The same handlers, each asking first whether the caller has any role. A call without context comes from this process. */
export function guardReads<T extends object>(handlers: T, access: AccessList): T {
  const guarded: Record<string, AsyncCall> = {}
  for (const [name, handler] of Object.entries(handlers) as [string, AsyncCall][]) {
    guarded[name] = async (request, context: RpcContext | undefined) => {
      access.roleOf(context?.caller ?? LOCAL_CALLER)
      return await handler.call(handlers, request, context as RpcContext)
    }
  }
  return guarded as unknown as T
}
