/** Longest that an offset is trusted. */
const SET_ANEW_AFTER_MS = 1_000
const MOST_DRIFT_MS = 2

/**
 * The wall clock counts whole milliseconds and the fine clock drifts from it over days: the fine clock, set anew each second. A message keeps
 * the offset that it began with, so that its stages add up.
 */
export class FineClock {
  #offsetMs = performance.timeOrigin
  #setAtMs = Number.NEGATIVE_INFINITY

  /** What makes a time of `performance.now()` one since the epoch. */
  offsetAt(fineMs: number): number {
    if (fineMs - this.#setAtMs >= SET_ANEW_AFTER_MS) {
      this.#setAtMs = fineMs
      const wallMs = Date.now()
      const isTrue = Math.abs(performance.timeOrigin + fineMs - wallMs) < MOST_DRIFT_MS
      this.#offsetMs = isTrue ? performance.timeOrigin : wallMs - fineMs
    }
    return this.#offsetMs
  }
}
