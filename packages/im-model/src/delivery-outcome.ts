/**
 * `delivered`: the far side confirmed it. `sent`: handed over, and the protocol confirms nothing. `queued`: durably kept for later.
 * `failed`: not delivered, as far as `isCertain` goes.
 */
export type DeliveryStatus = 'delivered' | 'sent' | 'queued' | 'failed'

/** What became of an envelope that was handed over. A value: a failed delivery is an ordinary thing. */
export interface DeliveryOutcome {
  readonly status: DeliveryStatus
  /** Stable code; empty when delivered, sent or queued. */
  readonly code: string
  /** For logs and the inside; no bodies. */
  readonly detail: string
  /** False: the far side may have it all the same, so nobody tries again unasked. */
  readonly isCertain: boolean
  readonly retry: 'never' | 'later' | 'elsewhere'
  /** What a SIP sender is answered: the far side's own status, or the one that stands for `code`. */
  readonly sipStatus: number
  /** Id under which the far side knows the message; empty: it told none. */
  readonly remoteId: string
}
