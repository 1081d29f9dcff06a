import { Buffer } from 'node:buffer'

const MIN_SPILL_BYTES = 1024
const NO_BYTES: Buffer = Buffer.alloc(0)

/**
 * Unread bytes of a stream. A chunk that arrives while nothing is unread is used as it is; otherwise it is copied
 * behind the unread bytes, into a buffer that grows by doubling, so each byte is copied a bounded number of times.
 * Bytes once given out are never overwritten.
 */
export class ByteQueue {
  /** Unread bytes are `bytes[start, bytes.length)`. */
  bytes: Buffer = NO_BYTES
  start = 0
  #spill: Buffer | undefined

  get length(): number {
    return this.bytes.length - this.start
  }

  append(chunk: Uint8Array): void {
    if (this.length === 0) {
      this.bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
      this.start = 0
      this.#spill = undefined
      return
    }
    const end = this.bytes.length
    if (this.#spill === undefined || end + chunk.length > this.#spill.length) this.#move(this.length + chunk.length)
    const spill = this.#spill!
    const from = this.bytes.length
    spill.set(chunk, from)
    this.bytes = spill.subarray(0, from + chunk.length)
  }

  skip(byteCount: number): void {
    this.start += byteCount
  }

  /** Drops what is unread and lets go of the memory. */
  clear(): void {
    this.bytes = NO_BYTES
    this.start = 0
    this.#spill = undefined
  }

  #move(byteCount: number): void {
    const spill = Buffer.allocUnsafe(Math.max(MIN_SPILL_BYTES, byteCount + this.length))
    spill.set(this.start === 0 ? this.bytes : this.bytes.subarray(this.start), 0)
    this.bytes = spill.subarray(0, this.length)
    this.start = 0
    this.#spill = spill
  }
}
