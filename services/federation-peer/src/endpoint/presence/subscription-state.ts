/** A Subscription-State header (RFC 6665 §8.2.3). */
export interface SubscriptionState {
  readonly state: 'active' | 'pending' | 'terminated'
  /** Lower case; empty: none. */
  readonly reason: string
  /** Seconds; undefined: not said. */
  readonly retryAfterS: number | undefined
}

const MAX_PARAMETERS = 8

/** Undefined: absent or none of the three. RFC 6665 §4.1.3 has no other, and extensions would be none to us. */
export function readSubscriptionState(text: string | undefined): SubscriptionState | undefined {
  const [word = '', ...parameters] = (text ?? '').toLowerCase().split(';', MAX_PARAMETERS)
  const state = (['active', 'pending', 'terminated'] as const).find((known) => known === word.trim())
  if (state === undefined) return undefined
  const parameter = (name: string): string => {
    const found = parameters.map((each) => each.split('=', 2)).find(([each]) => each?.trim() === name)
    return found?.[1]?.trim() ?? ''
  }
  const retryAfter = parameter('retry-after')
  return { state, reason: parameter('reason'), retryAfterS: /^\d{1,9}$/.test(retryAfter) ? Number.parseInt(retryAfter, 10) : undefined }
}
