import { ArchiveService } from '@gatehouse/proto'
import type { RpcContext, RpcHandlers } from '@gatehouse/rpc'
import { archiveError } from '../errors.ts'
import { type ArchiveRole, mayCall } from './archive-roles.ts'

export type ArchiveCalls = RpcHandlers<typeof ArchiveService>

/** How a caller on the unix socket is named: its owner, as nobody else can open it. */
const LOCAL_CALLER = 'local'

type Handler = (request: never, context: RpcContext) => Promise<object> | AsyncIterable<object>

/** The same calls, each for those only whose role includes it. `entries` undefined: for every caller. */
export function guardCalls(
  handlers: ArchiveCalls,
  entries: readonly { readonly caller: string; readonly role: ArchiveRole }[] | undefined,
): ArchiveCalls {
  if (entries === undefined) return handlers
  const roles = new Map<string, ArchiveRole>(entries.map(({ caller, role }) => [caller, role]))
  roles.set(LOCAL_CALLER, 'admin')
  const check = (name: string, { caller }: RpcContext): void => {
    const role = roles.get(caller)
    if (role !== undefined && mayCall(role, name)) return
    throw archiveError('GH-ARCHIVE-ROLE', `${JSON.stringify(caller.slice(0, 200))} is ${role ?? 'not listed'}; the call is ${name}.`)
  }
  const guarded: Record<string, Handler> = {}
  for (const [name, method] of Object.entries(ArchiveService.method)) {
    const handler = (handlers[name as keyof ArchiveCalls] as Handler).bind(handlers)
    guarded[name] =
      method.methodKind === 'server_streaming'
        ? (request, context) =>
            guardedStream(
              () => check(name, context),
              () => handler(request, context) as AsyncIterable<object>,
            )
        : async (request, context) => {
            check(name, context)
            return await (handler(request, context) as Promise<object>)
          }
  }
  return guarded as unknown as ArchiveCalls
}

async function* guardedStream(check: () => void, open: () => AsyncIterable<object>): AsyncGenerator<object> {
  check()
  yield* open()
}
