import { randomFillSync } from 'node:crypto'

const TRACE_DIGITS = 32
const SPAN_DIGITS = 16
/** For some forty messages: what chance costs is then paid once for all of them. */
const BLOCK_BYTES = 2_048

/** Ids of traces and spans, cut from a block of chance. That one of them is all zero, which is none, will not be seen: 1 in 2^64. */
export class SpanIds {
  readonly #block: Buffer = Buffer.allocUnsafe(BLOCK_BYTES)
  #digits = ''
  #at = 0

  traceId(): string {
    return this.#take(TRACE_DIGITS)
  }

  spanId(): string {
    return this.#take(SPAN_DIGITS)
  }

  #take(count: number): string {
    if (this.#at + count > this.#digits.length) {
      this.#digits = randomFillSync(this.#block).toString('hex')
      this.#at = 0
    }
    this.#at += count
    return this.#digits.slice(this.#at - count, this.#at)
  }
}
