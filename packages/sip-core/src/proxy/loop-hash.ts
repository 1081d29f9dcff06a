import { Buffer } from 'node:buffer'
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
  // A line end cannot stand in any of them, so neighbouring fields cannot trade characters.
  let text = `${request.requestUri}\n${request.callId() ?? ''}\n${request.from()?.tag ?? ''}\n${request.to()?.tag ?? ''}\n${request.cseq()?.number ?? 0}`
  for (const line of request.headers.lines) {
    if (line.id === HeaderId.route || line.id === PROXY_REQUIRE) text += `\n${line.value}`
  }
  return (checksum(text) >>> 0).toString(36)
}

/** Written to anew for each request: a buffer of its own would cost as much as the sum. */
const SCRATCH: Buffer = Buffer.alloc(2_048)

/** FNV-1a, over bytes because parts of a long text are slow to look at. */
function checksum(text: string): number {
  const bytes = text.length <= SCRATCH.length ? SCRATCH : Buffer.allocUnsafe(text.length)
  const end = bytes.write(text, 0, 'latin1')
  let hash = FNV_OFFSET
  for (let at = 0; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, FNV_PRIME)
  return hash
}
