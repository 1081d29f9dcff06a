import { createRequest, type SipRequest } from '@gatehouse/sip-core'

/** A request outside any dialog (RFC 3261 §8.1.1), still without Via. `to` and `from`: `user@domain` or a bare domain. */
export function firstRequest(
  method: string,
  parts: { readonly from: string; readonly to: string; readonly newToken: () => string },
  headers: readonly (readonly [name: string, value: string])[] = [],
  body?: Uint8Array,
): SipRequest {
  const { from, to, newToken } = parts
  return createRequest(
    method,
    `sip:${to}`,
    [
      ['Max-Forwards', '70'],
      ['From', `<sip:${from}>;tag=${newToken()}`],
      ['To', `<sip:${to}>`],
      ['Call-ID', newToken()],
      ['CSeq', `1 ${method}`],
      ...headers,
    ],
    body,
  )
}
