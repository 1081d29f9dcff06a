import type { MessageInitShape } from '@bufbuild/protobuf'
import type { GetResponseSchema, ScanResponseSchema } from '@gatehouse/proto'
import type { RpcContext } from '@gatehouse/rpc'

export interface ArchiveRange {
  /** Microseconds since the epoch, by time of commit. */
  readonly sinceUs: bigint
  /** 0: up to now. */
  readonly untilUs: bigint
}

export type ArchivePage = MessageInitShape<typeof ScanResponseSchema>

/** Archived messages for explaining and simulating. The archive notes each call, who asked and why, before it answers. */
export interface ArchiveSource {
  /** Rejects with GH-ARCHIVE-NOT-FOUND, GH-REVISION-NO-ARCHIVE. */
  get(envelopeId: Uint8Array, reason: string, context: RpcContext): Promise<MessageInitShape<typeof GetResponseSchema>>
  /** Oldest first. Ends early when the caller is gone. Rejects like `get`. */
  scan(range: ArchiveRange, reason: string, context: RpcContext): AsyncIterable<ArchivePage>
}
