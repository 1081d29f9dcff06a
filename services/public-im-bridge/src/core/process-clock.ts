/** Wall time that never runs backwards while the process lives. */
export const nowMs = (): number => performance.timeOrigin + performance.now()

/** A timer that keeps no process alive; the result cancels it. */
export function every(intervalMs: number, run: () => void): () => void {
  const timer = setInterval(run, intervalMs)
  timer.unref()
  return () => clearInterval(timer)
}

/** The same once. */
export function after(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs)
  timer.unref()
  return () => clearTimeout(timer)
}
