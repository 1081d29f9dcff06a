/**
 * Every timer of the transaction layer, in milliseconds. The layer runs over reliable transport only, so the timers that
 * exist to repeat messages or to absorb repeats (A, E, G, D, I, J, K) are zero and have no entry.
 */
export interface SipTimers {
  /** Round-trip estimate that the others are derived from. RFC 3261 §17.1.1.1: 500 ms. */
  readonly t1Ms: number
  /** B: no response at all to an INVITE. RFC 3261 §17.1.1.2: 64*T1. */
  readonly inviteTimeoutMs: number
  /** C: a proxy gives up an INVITE that only rings. RFC 3261 §16.6 step 11: more than 3 minutes. */
  readonly ringingMs: number
  /** F: no final response to any other request. RFC 3261 §17.1.2.2: 64*T1. */
  readonly requestTimeoutMs: number
  /** H: nobody acknowledges our refusal of an INVITE. RFC 3261 §17.2.1: 64*T1. */
  readonly awaitAckMs: number
  /** L: time in which repeats of an accepted INVITE are absorbed. RFC 6026 §7.1: 64*T1. */
  readonly acceptedServerMs: number
  /** M: time in which further 2xx of an INVITE are passed up. RFC 6026 §7.2: 64*T1. */
  readonly acceptedClientMs: number
  /** A cancelled INVITE that nobody answers any more is given up. RFC 3261 §9.1: 64*T1. */
  readonly cancelledMs: number
  /** 100 to an INVITE unless something else was answered by then. RFC 3261 §17.2.1: 200 ms. */
  readonly autoTryingMs: number
  /** 100 to another request: when timer E of the sender would have reached T2. RFC 4320 §4.1: T1+2*T1+4*T1. */
  readonly autoTryingRequestMs: number
  /** From that 100 until the sender's timer F has fired and no answer is of use any more. RFC 4320 §4.1. */
  readonly requestRestMs: number
  /** Bound for an INVITE that its user never answers: longer than C and a cancellation together; any 1xx starts it anew. */
  readonly inviteLifeMs: number
}

const T1_MS = 500

/** The RFC values for reliable transport. */
export const defaultTimers: SipTimers = timersFor(T1_MS)

/** The table for another T1; every value can be overridden by name. */
export function timersFor(t1Ms: number, overrides: Partial<SipTimers> = {}): SipTimers {
  const longMs = 64 * t1Ms
  const tryingRequestMs = 7 * t1Ms
  const ringingMs = overrides.ringingMs ?? 181_000
  const cancelledMs = overrides.cancelledMs ?? longMs
  return {
    t1Ms,
    inviteTimeoutMs: longMs,
    ringingMs,
    requestTimeoutMs: longMs,
    awaitAckMs: longMs,
    acceptedServerMs: longMs,
    acceptedClientMs: longMs,
    cancelledMs,
    autoTryingMs: 200,
    autoTryingRequestMs: tryingRequestMs,
    requestRestMs: longMs - tryingRequestMs,
    inviteLifeMs: ringingMs + cancelledMs + longMs,
    ...overrides,
  }
}
