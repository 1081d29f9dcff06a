import type { EdgeClock } from './connection.ts'

/** The real clock: wall time that never runs backwards while the process lives. */
export function createSystemClock(): EdgeClock {
  return {
    nowMs: () => performance.timeOrigin + performance.now(),
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs)
      timer.unref()
      return () => clearTimeout(timer)
    },
    every(intervalMs, run) {
      const timer = setInterval(run, intervalMs)
      timer.unref()
      return () => clearInterval(timer)
    },
  }
}
