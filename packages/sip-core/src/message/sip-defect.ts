import { type SipCode, sipCodes } from '../errors.ts'

/** What is wrong with a message: a value, never an exception. */
export interface SipDefect {
  readonly code: SipCode
  /** Which header or bytes, for logs; never sent to the peer. */
  readonly detail: string
  /** Status to answer a request with. */
  readonly status: number
}

const BAD_REQUEST = 400

export function createDefect(code: SipCode, detail: string): SipDefect {
  return { code, detail, status: sipCodes[code].sip ?? BAD_REQUEST }
}
