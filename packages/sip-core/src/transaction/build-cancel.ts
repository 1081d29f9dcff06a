import { createRequest } from '../message/create-request.ts'
import type { SipRequest } from '../message/sip-request.ts'
import { hopHeaders } from './hop-headers.ts'

/** The CANCEL for a request that was sent (RFC 3261 §9.1): the same, with the single top Via, so that the next hop matches it. */
export function buildCancel(invite: SipRequest): SipRequest {
  return createRequest('CANCEL', invite.requestUri, hopHeaders(invite, 'CANCEL', invite.headers.first('to') ?? ''))
}
