import { ArchiveService } from '@gatehouse/proto'
import { guardService, LOCAL_CALLER, type RpcHandlers } from '@gatehouse/rpc'
import { archiveError } from '../errors.ts'
import { type ArchiveRole, mayCall } from './archive-roles.ts'

export type ArchiveCalls = RpcHandlers<typeof ArchiveService>

/** The same calls, each for those only whose role includes it. Whoever is not listed gets nothing. */
export function guardCalls(
  handlers: ArchiveCalls,
  entries: readonly { readonly caller: string; readonly role: ArchiveRole }[],
): ArchiveCalls {
  const roles = new Map<string, ArchiveRole>(entries.map(({ caller, role }) => [caller, role]))
  roles.set(LOCAL_CALLER, 'admin')
  return guardService(ArchiveService, handlers, (call, { caller }) => {
    const role = roles.get(caller)
    if (role !== undefined && mayCall(role, call)) return
    throw archiveError('GH-ARCHIVE-ROLE', `${JSON.stringify(caller.slice(0, 200))} is ${role ?? 'not listed'}; the call is ${call}.`)
  })
}
