export interface LivenessOptions {
  readonly registrationMs: number
  /** Silence after which the server is asked. */
  readonly idleMs: number
  /** How long it may take to answer that. */
  readonly pongMs: number
}

/** Whether the server is still there: what is silent for long is asked, and what does not answer is gone. */
export class Liveness {
  readonly #options: LivenessOptions
  #openedMs = 0
  #heardMs = 0
  #askedMs: number | undefined

  constructor(options: LivenessOptions) {
    this.#options = options
  }

  opened(nowMs: number): void {
    this.#openedMs = nowMs
    this.#heardMs = nowMs
  }

  heard(nowMs: number): void {
    this.#heardMs = nowMs
    this.#askedMs = undefined
  }

  nextDeadlineMs(isRegistering: boolean): number {
    const { registrationMs, idleMs, pongMs } = this.#options
    if (isRegistering) return this.#openedMs + registrationMs
    return this.#askedMs === undefined ? this.#heardMs + idleMs : this.#askedMs + pongMs
  }

  /** `ask`: a sign of life is due to be asked for; `dead`: none came. */
  check(nowMs: number, isRegistering: boolean): 'alive' | 'ask' | 'dead' {
    if (nowMs < this.nextDeadlineMs(isRegistering)) return 'alive'
    if (isRegistering || this.#askedMs !== undefined) return 'dead'
    this.#askedMs = nowMs
    return 'ask'
  }
}
