/** Beyond this, records of the archive cannot be put in the order of events, and certificates begin and end at the wrong time. */
const TOLERANCE_MS = 10_000

/**
 * How far this machine's clock is from that of the policy service, by its signs of life. One that lay in the bucket may be old, so
 * the first one only tells of a clock that is behind; every later one comes as it is written.
 */
export class ClockWatch {
  #skewMs = 0
  #hasSeen = false

  /** Takes a sign of life; true when the clocks have just come apart, or together again. */
  take(theirMs: number, ourMs: number): boolean {
    const skewMs = theirMs - ourMs
    const isOld = !this.#hasSeen && skewMs < 0
    this.#hasSeen = true
    if (isOld) return false
    const wasApart = this.isApart
    this.#skewMs = skewMs
    return this.isApart !== wasApart
  }

  /** Positive: our clock is behind. */
  get skewMs(): number {
    return this.#skewMs
  }

  get isApart(): boolean {
    return Math.abs(this.#skewMs) > TOLERANCE_MS
  }
}
