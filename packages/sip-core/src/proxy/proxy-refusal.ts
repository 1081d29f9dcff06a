import type { CodeEntry } from '@gatehouse/errors'
import { type SipCode, sipCodes } from '../errors.ts'
import { reasonPhrase } from '../message/reason-phrase.ts'

/** A request that is not forwarded, with the answer for its sender. An ACK is dropped instead: nothing ever answers one. */
export interface ProxyRefusal {
  readonly ok: false
  readonly status: number
  readonly reason: string
  readonly code: SipCode
  /** For the answer, such as Unsupported. */
  readonly extraHeaders: readonly (readonly [string, string])[]
}

export function createRefusal(
  code: 'GH-SIP-TOO-MANY-HOPS' | 'GH-SIP-LOOP' | 'GH-SIP-EXTENSION' | 'GH-SIP-URI-SCHEME' | 'GH-SIP-HEADER-SYNTAX',
  extraHeaders: ProxyRefusal['extraHeaders'] = [],
): ProxyRefusal {
  const status = (sipCodes[code] as CodeEntry).sip ?? 400
  return { ok: false, status, reason: reasonPhrase(status), code, extraHeaders }
}
