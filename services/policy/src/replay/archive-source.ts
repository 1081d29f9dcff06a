import type { ArchiveService } from '@gatehouse/proto'
import type { RpcHandlers } from '@gatehouse/rpc'

/** What replaying needs of the archive: in one process its handlers, otherwise a client made to look like them. */
export type ArchiveSource = Pick<RpcHandlers<typeof ArchiveService>, 'get' | 'scan'>
