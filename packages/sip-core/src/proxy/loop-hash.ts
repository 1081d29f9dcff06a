import { HeaderId, headerId } from '../header/header-names.ts'
import type { SipRequest } from '../message/sip-request.ts'

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
const PROXY_REQUIRE = headerId('Proxy-Require')

/**
 * The part of our branch by which a request is recognised that comes back unchanged (RFC 3261 §16.6 step 8, RFC 5393 §4.2):
 * everything of the request as received that routing looks at. The Via headers are left out, as they differ on every lap.
 * A checksum will do: whoever forges one only loops his own request.
 */
export function loopHash(request: SipRequest): string {
  let hash = mix(FNV_OFFSET, request.requestUri)
  hash = mix(hash, request.callId() ?? '')
  hash = mix(hash, request.from()?.tag ?? '')
  hash = mix(hash, request.to()?.tag ?? '')
  hash = Math.imul(hash ^ (request.cseq()?.number ?? 0), FNV_PRIME)
  for (const line of request.headers.lines) {
    if (line.id === HeaderId.route || line.id === PROXY_REQUIRE) hash = mix(hash, line.value)
  }
  return (hash >>> 0).toString(36)
}

/** FNV-1a, with the length first so that neighbouring fields cannot trade characters. */
function mix(hash: number, text: string): number {
  let mixed = Math.imul(hash ^ text.length, FNV_PRIME)
  for (let at = 0; at < text.length; at++) mixed = Math.imul(mixed ^ text.charCodeAt(at), FNV_PRIME)
  return mixed
}
