export interface ReconnectPaceDeps {
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonicMs: () => number
  readonly random: () => number
}

/** Another server is tried at once; the same one after so long. */
const LEAST_MS = 200

/**
 * How long the client waits before it dials a server again. The client itself reckons with the time of day: when somebody sets the
 * clock back by ten minutes between two losses of the connection, it would not dial for ten minutes. This lets it dial when the wait
 * is over by a clock that nobody sets, whatever the other one says.
 */
export function reconnectPace({ monotonicMs, random }: ReconnectPaceDeps, jitterMs: number): () => number {
  let dialedMs = Number.NEGATIVE_INFINITY
  let waitMs = 0
  return () => {
    const nowMs = monotonicMs()
    if (nowMs - dialedMs < waitMs) return waitMs
    dialedMs = nowMs
    waitMs = LEAST_MS + random() * jitterMs
    return Number.NEGATIVE_INFINITY
  }
}
