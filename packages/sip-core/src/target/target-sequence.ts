import type { SrvTarget } from './order-targets.ts'
import type { TargetMarks } from './target-marks.ts'

/**
 * The targets of one request, each tried once (RFC 3263 §4.3). Targets that failed lately come last instead of never: when all
 * have failed, one of them is still the best there is.
 */
export class TargetSequence {
  readonly #targets: readonly SrvTarget[]
  readonly #marks: TargetMarks
  #at = 0

  /** `ordered`: by `orderTargets`. */
  constructor(ordered: readonly SrvTarget[], marks: TargetMarks, nowMs: number) {
    this.#marks = marks
    const good = ordered.filter((target) => !marks.isFailed(target.host, target.port, nowMs))
    const failed = ordered.filter((target) => !good.includes(target))
    this.#targets = [...good, ...failed]
  }

  /** The next one to try; `undefined` when all were tried. */
  next(): SrvTarget | undefined {
    return this.#targets[this.#at++]
  }

  /** The one that `next` gave last did not work. */
  noteFailure(nowMs: number, restMs?: number): void {
    const target = this.#targets[this.#at - 1]
    if (target !== undefined) this.#marks.markFailed(target.host, target.port, nowMs, restMs)
  }

  noteSuccess(): void {
    const target = this.#targets[this.#at - 1]
    if (target !== undefined) this.#marks.markGood(target.host, target.port)
  }
}
