import type { SipResponse } from '@gatehouse/sip-core'

/** What a request came to, as the sender saw it. */
export interface Answer {
  readonly status: number
  readonly reason: string
  /** `ms-diagnostics` or `Reason` of the answer; empty when there is none. */
  readonly diagnostics: string
  readonly isOk: boolean
}

/** The part of a response that a sender looks at. */
export function answerOf(response: SipResponse): Answer {
  const diagnostics = response.headers.first('ms-diagnostics') ?? response.headers.first('reason') ?? ''
  return { status: response.status, reason: response.reason, diagnostics, isOk: response.status >= 200 && response.status < 300 }
}
