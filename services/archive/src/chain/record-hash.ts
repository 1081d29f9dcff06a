import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'

// Keeps these hashes apart from any other use of SHA-256, and from a later way to compute them.
const DOMAIN = Buffer.from('gatehouse archive record v1\n', 'latin1')
const GENESIS = Buffer.from('gatehouse archive genesis v1\n', 'latin1')
const HASH_BYTES = 32

/** What stands before the first record of a log: nothing of one log fits into another. `logId`: 16 random bytes. */
export function genesisHash(logId: Uint8Array): Uint8Array {
  return hash('sha256', Buffer.concat([GENESIS, logId]), 'buffer')
}

/**
 * hash_n = SHA-256(domain ‖ sequence ‖ committed_at ‖ hash_{n-1} ‖ SHA-256(record)), numbers as 8 bytes big endian.
 * The record enters by its own hash, so that the chain can be checked where a record's bytes may not be shown.
 */
export class RecordHasher {
  readonly #scratch = Buffer.alloc(DOMAIN.length + 16 + 2 * HASH_BYTES)

  constructor() {
    this.#scratch.set(DOMAIN)
  }

  hashOf(sequence: number, committedAtUs: number, previous: Uint8Array, record: Uint8Array): Uint8Array {
    const scratch = this.#scratch
    let at = DOMAIN.length
    writeUint64(scratch, at, sequence)
    at += 8
    writeUint64(scratch, at, committedAtUs)
    at += 8
    scratch.set(previous, at)
    at += HASH_BYTES
    // As latin1 text: a buffer of its own for each digest takes longer than the digest.
    scratch.write(hash('sha256', record, 'binary'), at, 'latin1')
    return Buffer.from(hash('sha256', scratch, 'binary'), 'latin1')
  }
}

export function writeUint64(target: Buffer, at: number, value: number): void {
  target.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at)
  target.writeUInt32BE(value % 0x1_0000_0000, at + 4)
}
