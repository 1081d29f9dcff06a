import type { ArchiveService } from '@gatehouse/proto'
import type { RpcHandlers } from '@gatehouse/rpc'
import type { ArchiveSource } from './archive-source.ts'

export type LocalArchiveCalls = Pick<RpcHandlers<typeof ArchiveService>, 'get' | 'scan'>

/** The archive of this process, asked in the name of whoever asks us. */
export function localArchive(calls: LocalArchiveCalls): ArchiveSource {
  return {
    get: (envelopeId, reason, context) => calls.get({ $typeName: 'gatehouse.v1.GetRequest', envelopeId, reason, onBehalfOf: '' }, context),
    scan: ({ sinceUs, untilUs }, reason, context) =>
      calls.scan({ $typeName: 'gatehouse.v1.ScanRequest', sinceUs, untilUs, reason, onBehalfOf: '' }, context),
  }
}
