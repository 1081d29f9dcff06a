import { Buffer } from 'node:buffer'
import type { KeyObject } from 'node:crypto'
import { type Checkpoint, checkpointFrom, checkpointLine, isCheckpointGenuine } from '../chain/checkpoint.ts'
import { type AuditPath, rootOfPath } from '../chain/merkle-tree.ts'
import { RecordHasher } from '../chain/record-hash.ts'
import { keyIdOf } from '../chain/signing-key.ts'
import type { LogRecord } from '../store/log-source.ts'
import { parseExportLine } from './export-lines.ts'

/** A record that can be checked by itself, given the archive's public key. */
export interface ProvenRecord {
  readonly record: LogRecord
  readonly previousHash: Uint8Array
  readonly proof: AuditPath | undefined
  readonly checkpoint: Checkpoint
  /** Opens the sealed body of this record; undefined where there is none. */
  readonly messageKey: Uint8Array | undefined
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** JSON without line end; bytes are base64. The checkpoint is left out where a file names it once for many records. */
export function proofLine(proven: ProvenRecord, hasCheckpoint: boolean): string {
  const { record, previousHash, proof, checkpoint, messageKey } = proven
  return JSON.stringify({
    record: {
      sequence: record.sequence,
      committedAtUs: record.committedAtUs,
      previousHash: base64(previousHash),
      hash: base64(record.hash),
      record: base64(record.record),
    },
    ...(proof === undefined ? {} : { proof: { index: proof.index, size: proof.size, path: proof.path.map(base64) } }),
    checkpointSequence: checkpoint.sequence,
    ...(messageKey === undefined || messageKey.length === 0 ? {} : { messageKey: base64(messageKey) }),
    ...(hasCheckpoint ? (JSON.parse(checkpointLine(checkpoint)) as object) : {}),
  })
}

/** Reads such a line; `checkpoints`: those that stand elsewhere, by sequence. Undefined when it is none. */
export function parseProofLine(line: string, checkpoints: ReadonlyMap<number, Checkpoint> = new Map()): ProvenRecord | undefined {
  let value: Record<string, unknown>
  try {
    value = JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const parsed = parseExportLine(JSON.stringify({ record: value['record'] }))
  const checkpoint = checkpointFrom(value['checkpoint']) ?? checkpoints.get(Number(value['checkpointSequence']))
  if (parsed?.kind !== 'record' || checkpoint === undefined) return undefined
  const key = value['messageKey']
  return {
    record: parsed.record,
    previousHash: parsed.previousHash,
    proof: pathFrom(value['proof']),
    checkpoint,
    messageKey: typeof key === 'string' ? Buffer.from(key, 'base64') : undefined,
  }
}

function pathFrom(value: unknown): AuditPath | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { index, size, path } = value as Record<string, unknown>
  if (typeof index !== 'number' || typeof size !== 'number' || !Array.isArray(path)) return undefined
  return { index, size, path: path.map((hashed) => Buffer.from(String(hashed), 'base64')) }
}

/** Why a proof proves nothing; undefined when it holds: this record, at this place and time, is in the log that the key signed. */
export function faultOfProof(proven: ProvenRecord, publicKeys: readonly KeyObject[]): string | undefined {
  const { record, previousHash, proof, checkpoint } = proven
  const key = publicKeys.find((candidate) => keyIdOf(candidate) === checkpoint.keyId)
  if (key === undefined) return `the checkpoint is signed by ${checkpoint.keyId}, which is none of the given keys`
  if (!isCheckpointGenuine(checkpoint, key)) return 'the signature of the checkpoint is wrong'
  if (previousHash.length !== 32) return 'the hash of the record before is missing'
  const hash = new RecordHasher().hashOf(record.sequence, record.committedAtUs, previousHash, record.record)
  if (!Buffer.from(hash).equals(record.hash)) return 'the record is not what its hash says'
  if (proof === undefined || checkpoint.tree === undefined) return 'there is no path to a signed tree'
  const { firstSequence, root } = checkpoint.tree
  const isPlaced = firstSequence + proof.index === record.sequence && proof.size === checkpoint.sequence - firstSequence + 1
  if (!isPlaced) return 'its place in the tree is not its sequence'
  const reached = rootOfPath(hash, proof)
  return reached !== undefined && Buffer.from(reached).equals(root) ? undefined : 'its path does not lead to the signed root'
}
