/** Lines that may go out at once, and how long each one takes to come back (RFC 1459 §8.10: one per two seconds, ten seconds ahead). */
export interface FloodLimits {
  readonly burstLines: number
  readonly msPerLine: number
}

export const defaultFloodLimits: FloodLimits = Object.freeze({ burstLines: 5, msPerLine: 2000 })

/** Keeps us below what a server cuts connections for. */
export class FloodControl {
  readonly #limits: FloodLimits
  /** When the bucket would be full again, counted on from each line. */
  #paidUntilMs = 0

  constructor(limits: FloodLimits) {
    this.#limits = limits
  }

  /** True: the line may go now, and is counted. */
  take(nowMs: number): boolean {
    if (this.readyAtMs(nowMs) > nowMs) return false
    this.#paidUntilMs = Math.max(this.#paidUntilMs, nowMs) + this.#limits.msPerLine
    return true
  }

  /** When the next line may go; `nowMs` when it may already. */
  readyAtMs(nowMs: number): number {
    const { burstLines, msPerLine } = this.#limits
    return Math.max(nowMs, this.#paidUntilMs - (burstLines - 1) * msPerLine)
  }
}
