/** Numbers of an outbox. */
export interface OutboxOptions {
  /** Messages that may wait for one destination. */
  readonly maxPerDestination: number
  /** Attempts under way at the same time towards one destination, one per conversation. */
  readonly maxAttempts: number
  /** Longer than any attempt takes: the SIP transaction gives up after 32 s. */
  readonly visibilityMs: number
  readonly backOffBaseMs: number
  readonly backOffCapMs: number
  /** How often a destination is looked at that others may be working on, or whose messages may have expired. */
  readonly lookMs: number
}

export const defaultOutboxOptions: OutboxOptions = Object.freeze({
  maxPerDestination: 10_000,
  maxAttempts: 16,
  visibilityMs: 60_000,
  backOffBaseMs: 1_000,
  backOffCapMs: 60_000,
  lookMs: 2_000,
})
