import type { MessageInitShape } from '@bufbuild/protobuf'
import type { CheckpointSchema, Checkpoint as ProtoCheckpoint, StoredRecordSchema, VerifyResponseSchema } from '@gatehouse/proto'
import type { Checkpoint } from '../chain/checkpoint.ts'
import type { OpenedBody } from '../seal/body-reader.ts'
import type { StoredLogRecord } from '../store/log-source.ts'
import type { ChainReport } from '../verify/chain-checker.ts'

/** What the service sends for a record. */
export function storedMessage(stored: StoredLogRecord, opened?: OpenedBody): MessageInitShape<typeof StoredRecordSchema> {
  return {
    sequence: BigInt(stored.sequence),
    committedAtUs: BigInt(stored.committedAtUs),
    previousHash: stored.previousHash,
    hash: stored.hash,
    record: stored.record,
    outcomeStatus: stored.outcomeStatus,
    ...(opened === undefined ? {} : { body: opened.body, alteredBody: opened.alteredBody, bodyErased: opened.isErased }),
  }
}

/** The last answer of verify. */
export function reportMessage({ isIntact, findings, headSequence, headHash }: ChainReport): MessageInitShape<typeof VerifyResponseSchema> {
  return {
    finished: true,
    intact: isIntact,
    findings: findings.map((finding) => ({ ...finding, sequence: BigInt(finding.sequence) })),
    headSequence: BigInt(headSequence),
    headHash,
  }
}

export function checkpointMessage({ tree, ...checkpoint }: Checkpoint): MessageInitShape<typeof CheckpointSchema> {
  return {
    ...checkpoint,
    sequence: BigInt(checkpoint.sequence),
    signedAtUs: BigInt(checkpoint.signedAtUs),
    ...(tree === undefined ? {} : { firstSequence: BigInt(tree.firstSequence), root: tree.root }),
  }
}

/** A checkpoint as a caller received it. */
export function checkpointFromMessage(message: ProtoCheckpoint): Checkpoint {
  const { hash, keyId, signature, firstSequence, root } = message
  return {
    sequence: Number(message.sequence),
    signedAtUs: Number(message.signedAtUs),
    hash,
    keyId,
    signature,
    tree: firstSequence === 0n ? undefined : { firstSequence: Number(firstSequence), root },
  }
}
