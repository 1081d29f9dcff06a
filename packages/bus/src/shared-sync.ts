type OnDone = (error: Error | null) => void

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Brings what was written before a call to the disk, one sync at a time: those who come while one runs share the next. */
export class SharedSync {
  readonly #sync: (onDone: OnDone) => void
  #waiting: Waiter[] = []
  #isRunning = false
  #onIdle: (() => void) | undefined

  constructor(sync: (onDone: OnDone) => void) {
    this.#sync = sync
  }

  /** Resolves when all that was written before is on the disk; rejects when that could not be had. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      if (!this.#isRunning) this.#begin()
    })
  }

  /** Runs once when no sync is under way: at once, or after it. */
  idle(run: () => void): void {
    if (this.#isRunning) this.#onIdle = run
    else run()
  }

  #begin(): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#isRunning = true
    this.#sync((error) => {
      this.#isRunning = false
      // the next one first: it need not wait for what these do now
      if (this.#waiting.length > 0) this.#begin()
      for (const { resolve, reject } of waiting) {
        if (error === null) resolve()
        else reject(error)
      }
      if (this.#isRunning) return
      this.#onIdle?.()
      this.#onIdle = undefined
    })
  }
}
