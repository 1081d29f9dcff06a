import type { ConnectorClock } from '@gatehouse/bridge-kit'

/** A clock whose timers end with the connector, and whose callbacks may fail without harm. */
export class GuardedClock implements ConnectorClock {
  readonly #now: () => number
  readonly #onFault: (thrown: unknown) => void
  readonly #timers = new Set<NodeJS.Timeout>()
  #isStopped = false

  constructor(nowMs: () => number, onFault: (thrown: unknown) => void) {
    this.#now = nowMs
    this.#onFault = onFault
  }

  nowMs(): number {
    return this.#now()
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#keep((done) =>
      setTimeout(() => {
        done()
        this.#guarded(run)
      }, delayMs),
    )
  }

  every(intervalMs: number, run: () => void): () => void {
    return this.#keep(() => setInterval(() => this.#guarded(run), intervalMs))
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #keep(start: (done: () => void) => NodeJS.Timeout): () => void {
    if (this.#isStopped) return () => {}
    const cancel = (): void => {
      clearTimeout(timer)
      this.#timers.delete(timer)
    }
    const timer = start(cancel)
    timer.unref()
    this.#timers.add(timer)
    return cancel
  }

  #guarded(run: () => unknown): void {
    try {
      const result = run()
      if (result instanceof Promise) result.catch(this.#onFault)
    } catch (thrown) {
      this.#onFault(thrown)
    }
  }
}
