import { GatewayError } from '@gatehouse/errors'
import type { HealthCheck, Logger } from '@gatehouse/telemetry'

export interface WaitDeps {
  readonly log: Logger
  /** Ends the waiting. */
  readonly stop: AbortSignal
  /** Why there is waiting; undefined once it is over. */
  readonly onWaiting: (check: HealthCheck | undefined) => void
  /** Resolves after so long, or when `stop` says so. */
  readonly pause: (ms: number, stop: AbortSignal) => Promise<void>
}

const FIRST_PAUSE_MS = 250
/** A server that comes up is found soon, and one that is away all night costs nothing. */
const LONGEST_PAUSE_MS = 5_000

/**
 * Tries until it works: a bus or a database that is not there yet is waited for, said in the log and in the health, instead of ending
 * the process and leaving the waiting to whoever restarts it. Rejects at once with what no waiting mends, and when stopped.
 */
export async function whenPossible<T>(name: string, attempt: () => Promise<T>, deps: WaitDeps): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    try {
      const result = await attempt()
      deps.onWaiting(undefined)
      return result
    } catch (thrown) {
      if (!(thrown instanceof GatewayError) || thrown.retry !== 'later' || deps.stop.aborted) throw thrown
      const { code, message, remedy } = thrown
      deps.onWaiting({ name, isOk: false, detail: `${code} ${message}` })
      deps.log.error({ code, detail: message, remedy, nextTryMs: pauseMs }, `${name} is not to be had yet; it is tried again`)
      await deps.pause(pauseMs, deps.stop)
      if (deps.stop.aborted) throw thrown
    }
  }
}

/** `pause` in earnest. */
export function pauseFor(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      stop.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    stop.addEventListener('abort', end)
    if (stop.aborted) end()
  })
}
