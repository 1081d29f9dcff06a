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
}

const DOMAIN = Buffer.from('gatehouse archive checkpoint v1\n', 'latin1')

// The hash reaches back to the genesis of the log, so the log's id need not be named here.
function statement(sequence: number, hash: Uint8Array, signedAtUs: number): Buffer {
  const text = Buffer.alloc(DOMAIN.length + 16 + hash.length)
  text.set(DOMAIN)
  writeUint64(text, DOMAIN.length, sequence)
  writeUint64(text, DOMAIN.length + 8, signedAtUs)
  text.set(hash, DOMAIN.length + 16)
  return text
}

export function signCheckpoint(sequence: number, hash: Uint8Array, signedAtUs: number, key: KeyObject, keyId: string): Checkpoint {
  return { sequence, hash, signedAtUs, keyId, signature: sign(null, statement(sequence, hash, signedAtUs), key) }
}

export function isCheckpointGenuine(checkpoint: Checkpoint, publicKey: KeyObject): boolean {
  return verify(null, statement(checkpoint.sequence, checkpoint.hash, checkpoint.signedAtUs), publicKey, checkpoint.signature)
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
  return { sequence, signedAtUs, keyId, hash: Buffer.from(hash, 'base64'), signature: Buffer.from(signature, 'base64') }
}
