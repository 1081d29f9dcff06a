import { Buffer } from 'node:buffer'
import { type KeyObject, sign, verify } from 'node:crypto'
import { writeUint64 } from './record-hash.ts'

/** A signed statement about the head of the log at one time. */
export interface Checkpoint {
  readonly sequence: number
  readonly hash: Uint8Array
  readonly signedAtUs: number
  readonly keyId: string
  readonly signature: Uint8Array
  /** Tree over the record hashes from `firstSequence` to `sequence`; undefined in checkpoints of older versions. */
  readonly tree: CheckpointTree | undefined
}

export interface CheckpointTree {
  readonly firstSequence: number
  readonly root: Uint8Array
}

const DOMAIN = Buffer.from('gatehouse archive checkpoint v1\n', 'latin1')
const DOMAIN_WITH_TREE = Buffer.from('gatehouse archive checkpoint v2\n', 'latin1')

// The hash reaches back to the genesis of the log, so the log's id need not be named here.
function statement({ sequence, hash, signedAtUs, tree }: Omit<Checkpoint, 'keyId' | 'signature'>): Buffer {
  const domain = tree === undefined ? DOMAIN : DOMAIN_WITH_TREE
  const head = Buffer.alloc(domain.length + 16)
  head.set(domain)
  writeUint64(head, domain.length, sequence)
  writeUint64(head, domain.length + 8, signedAtUs)
  if (tree === undefined) return Buffer.concat([head, hash])
  const first = Buffer.alloc(8)
  writeUint64(first, 0, tree.firstSequence)
  return Buffer.concat([head, hash, first, tree.root])
}

export function signCheckpoint(
  sequence: number,
  hash: Uint8Array,
  signedAtUs: number,
  key: KeyObject,
  keyId: string,
  tree?: CheckpointTree,
): Checkpoint {
  const said = { sequence, hash, signedAtUs, tree }
  return { ...said, keyId, signature: sign(null, statement(said), key) }
}

export function isCheckpointGenuine(checkpoint: Checkpoint, publicKey: KeyObject): boolean {
  return verify(null, statement(checkpoint), publicKey, checkpoint.signature)
}

/** One line of the second checkpoint file and of an export. */
export function checkpointLine(checkpoint: Checkpoint): string {
  return JSON.stringify({
    checkpoint: {
      sequence: checkpoint.sequence,
      hash: Buffer.from(checkpoint.hash).toString('base64'),
      signedAtUs: checkpoint.signedAtUs,
      keyId: checkpoint.keyId,
      signature: Buffer.from(checkpoint.signature).toString('base64'),
      ...(checkpoint.tree === undefined
        ? {}
        : { firstSequence: checkpoint.tree.firstSequence, root: Buffer.from(checkpoint.tree.root).toString('base64') }),
    },
  })
}

/** Reads such a line's object; undefined when it is not one. */
export function checkpointFrom(value: unknown): Checkpoint | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { sequence, hash, signedAtUs, keyId, signature } = value as Record<string, unknown>
  if (typeof sequence !== 'number' || typeof signedAtUs !== 'number' || !Number.isSafeInteger(sequence)) return undefined
  if (!Number.isSafeInteger(signedAtUs) || sequence < 0 || signedAtUs < 0) return undefined
  if (typeof hash !== 'string' || typeof keyId !== 'string' || typeof signature !== 'string') return undefined
  const { firstSequence, root } = value as Record<string, unknown>
  const hasTree = typeof firstSequence === 'number' && Number.isSafeInteger(firstSequence) && firstSequence > 0 && typeof root === 'string'
  return {
    sequence,
    signedAtUs,
    keyId,
    hash: Buffer.from(hash, 'base64'),
    signature: Buffer.from(signature, 'base64'),
    tree: hasTree ? { firstSequence, root: Buffer.from(root, 'base64') } : undefined,
  }
}
