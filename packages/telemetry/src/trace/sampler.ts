export interface SamplingOptions {
  /** Part of the messages that is followed, 0 to 1. */
  readonly ratio: number
  /** Messages that failed are told of even when they were not drawn; so many in a second at most. 0: none. */
  readonly failuresPerSecond: number
}

export interface SamplerDeps {
  readonly random: () => number
  readonly nowMs: () => number
}

/** Draws messages where they come in. */
export class Sampler {
  readonly #options: SamplingOptions
  readonly #deps: SamplerDeps
  #secondStartedMs = Number.NEGATIVE_INFINITY
  #failuresThisSecond = 0

  constructor(options: SamplingOptions, deps: SamplerDeps) {
    this.#options = options
    this.#deps = deps
  }

  /** Once per message. */
  isDrawn(): boolean {
    const { ratio } = this.#options
    // 1 must mean all and 0 none, whatever `random` gives
    return ratio >= 1 || (ratio > 0 && this.#deps.random() < ratio)
  }

  /** A flood of failures is no reason to send a flood of spans. */
  isFailureWanted(): boolean {
    const { failuresPerSecond } = this.#options
    if (failuresPerSecond === 0) return false
    const nowMs = this.#deps.nowMs()
    if (nowMs - this.#secondStartedMs >= 1_000 || nowMs < this.#secondStartedMs) {
      this.#secondStartedMs = nowMs
      this.#failuresThisSecond = 0
    }
    return ++this.#failuresThisSecond <= failuresPerSecond
  }
}
