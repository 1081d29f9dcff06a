/** How long a failed target is passed over. RFC 3261 §21.5.4 leaves it to the client; half a minute is a restart. */
const DEFAULT_REST_MS = 30_000
/** More names than any honest SRV set of all partners together. */
const DEFAULT_MAX_MARKS = 10_000

/**
 * Which targets failed lately (RFC 3263 §4.3: the next one is tried; RFC 3261 §21.5.4: one that said 503 is left alone for
 * Retry-After). Bounded: the oldest mark goes when the table is full.
 */
export class TargetMarks {
  readonly #untilMs = new Map<string, number>()
  readonly #restMs: number
  readonly #maxMarks: number

  constructor(options: { restMs?: number; maxMarks?: number } = {}) {
    this.#restMs = options.restMs ?? DEFAULT_REST_MS
    this.#maxMarks = options.maxMarks ?? DEFAULT_MAX_MARKS
  }

  /** `restMs`: as told by Retry-After, instead of the default. */
  markFailed(host: string, port: number, nowMs: number, restMs: number = this.#restMs): void {
    const key = keyOf(host, port)
    this.#untilMs.delete(key)
    if (this.#untilMs.size >= this.#maxMarks) {
      const oldest = this.#untilMs.keys().next()
      if (oldest.done !== true) this.#untilMs.delete(oldest.value)
    }
    this.#untilMs.set(key, nowMs + restMs)
  }

  markGood(host: string, port: number): void {
    this.#untilMs.delete(keyOf(host, port))
  }

  isFailed(host: string, port: number, nowMs: number): boolean {
    const key = keyOf(host, port)
    const untilMs = this.#untilMs.get(key)
    if (untilMs === undefined) return false
    if (untilMs > nowMs) return true
    this.#untilMs.delete(key)
    return false
  }

  get size(): number {
    return this.#untilMs.size
  }
}

function keyOf(host: string, port: number): string {
  return `${host}:${port}`
}
