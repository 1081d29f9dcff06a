import { SipHeaders } from '../header/sip-headers.ts'
import { SipRequest } from './sip-request.ts'

const NO_BODY = new Uint8Array(0)

/** A request with these headers in this order; Content-Length is written by `encodeMessage`. */
export function createRequest(
  method: string,
  uri: string,
  headers: readonly (readonly [name: string, value: string])[],
  body: Uint8Array = NO_BODY,
): SipRequest {
  const lines = new SipHeaders()
  for (const [name, value] of headers) lines.push(name, value)
  return new SipRequest(method, uri, lines, body)
}
