import type { SipResponse } from '../message/sip-response.ts'
import type { ProxyIdentity } from './proxy-identity.ts'

/** `not-ours`: the top Via is somebody else's · `no-further-via`: it was meant for us. */
export type PreparedResponse =
  | { readonly ok: true; readonly response: SipResponse }
  | { readonly ok: false; readonly drop: 'not-ours' | 'no-further-via' }

/** RFC 3261 §16.7 step 3: takes our Via off, in place, so that the response can go upstream. */
export function prepareResponse(response: SipResponse, identity: ProxyIdentity): PreparedResponse {
  const via = response.topVia()
  // RFC 3261 §18.1.2: a response whose top Via is not ours is discarded
  if (via === undefined || !identity.isOwnVia(via)) return NOT_OURS
  response.headers.removeFirstValue('via')
  return response.headers.has('via') ? { ok: true, response } : NO_FURTHER_VIA
}

const NOT_OURS = { ok: false, drop: 'not-ours' } as const
const NO_FURTHER_VIA = { ok: false, drop: 'no-further-via' } as const
