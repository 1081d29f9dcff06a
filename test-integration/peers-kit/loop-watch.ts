import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'

/** What kept a process from its work since it was last asked. */
export interface Pauses {
  /** How late its event loop ran. */
  readonly delayP99Ms: number
  readonly delayMaxMs: number
  /** The garbage collector: all its stops, and the longest. */
  readonly gcMs: number
  readonly gcMaxMs: number
}

const RESOLUTION_MS = 1

/** Watches the event loop and the garbage collector of the process it runs in. */
export class LoopWatch {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  #gcMs = 0
  #gcMaxMs = 0

  constructor() {
    this.#delay.enable()
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        this.#gcMs += duration
        this.#gcMaxMs = Math.max(this.#gcMaxMs, duration)
      }
    })
    observer.observe({ entryTypes: ['gc'] })
  }

  /** Gives what was seen and begins anew. */
  take(): Pauses {
    const late = (nanoseconds: number): number => round(Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS))
    const pauses = {
      delayP99Ms: late(this.#delay.percentile(99)),
      delayMaxMs: late(this.#delay.max),
      gcMs: round(this.#gcMs),
      gcMaxMs: round(this.#gcMaxMs),
    }
    this.#delay.reset()
    this.#gcMs = 0
    this.#gcMaxMs = 0
    return pauses
  }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}
