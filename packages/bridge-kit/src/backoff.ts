export interface BackoffOptions {
  readonly firstMs: number
  readonly longestMs: number
  readonly factor: number
}

const STANDARD: BackoffOptions = { firstMs: 1_000, longestMs: 300_000, factor: 2 }

/** How long to wait before the next attempt: longer each time, spread by chance, so that a network that comes back is not run over. */
export class Backoff {
  readonly #options: BackoffOptions
  #failures = 0

  constructor(options: Partial<BackoffOptions> = {}) {
    this.#options = { ...STANDARD, ...options }
  }

  get failures(): number {
    return this.#failures
  }

  /** One more attempt has failed; `random`: 0 ≤ x < 1. Between half of the step and all of it. */
  failed(random: number): number {
    const { firstMs, longestMs, factor } = this.#options
    const step = Math.min(longestMs, firstMs * factor ** Math.min(this.#failures, 32))
    this.#failures++
    return Math.round(step * (0.5 + random / 2))
  }

  succeeded(): void {
    this.#failures = 0
  }
}
