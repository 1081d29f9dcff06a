import type { EdgeClock } from '../connection.ts'

interface Timer {
  readonly dueMs: number
  readonly intervalMs: number | undefined
  readonly run: () => void
}

/** A clock that only moves when told. */
export class ManualClock implements EdgeClock {
  #nowMs = Date.now()
  readonly #timers = new Set<Timer>()

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#add({ dueMs: this.#nowMs + delayMs, intervalMs: undefined, run })
  }

  every(intervalMs: number, run: () => void): () => void {
    return this.#add({ dueMs: this.#nowMs + intervalMs, intervalMs, run })
  }

  /** Moves on, running what falls due in order. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs
    for (;;) {
      const [next] = [...this.#timers].filter((timer) => timer.dueMs <= endMs).sort((one, other) => one.dueMs - other.dueMs)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      if (next.intervalMs !== undefined) this.#timers.add({ ...next, dueMs: next.dueMs + next.intervalMs })
      next.run()
    }
    this.#nowMs = endMs
  }

  #add(timer: Timer): () => void {
    const { run } = timer
    this.#timers.add(timer)
    return () => {
      for (const other of this.#timers) if (other.run === run) this.#timers.delete(other)
    }
  }
}
