import { createRequest } from '../message/create-request.ts'
import type { SipRequest } from '../message/sip-request.ts'
import type { SipResponse } from '../message/sip-response.ts'
import { hopHeaders } from './hop-headers.ts'

/**
 * The ACK for a refusal (RFC 3261 §17.1.1.3): Request-URI, Call-ID, From, Route and the single top Via of the INVITE, its
 * CSeq number with method ACK, and the To of the response with its tag.
 */
export function buildAck(invite: SipRequest, response: SipResponse): SipRequest {
  return createRequest('ACK', invite.requestUri, hopHeaders(invite, 'ACK', response.headers.first('to') ?? ''))
}
