import type { EdgeSide } from '@gatehouse/im-model'
import { createResponse, type SipRequest, type SipResponse } from '@gatehouse/sip-core'
import type { Refusal } from '../admit/refusal.ts'

/**
 * An answer that the gate itself gives. Outside sees the status and nothing else (lcs-edge §5.3: terse outside);
 * inside gets `ms-diagnostics` with our code and the reason. What the content filter refuses says so on both sides, as LCS does.
 */
export function ownAnswer(request: SipRequest, refusal: Refusal, side: EdgeSide, edgeName: string, toTag: string): SipResponse {
  const headers: (readonly [string, string])[] = [...refusal.headers]
  if (refusal.retryAfterS !== undefined) headers.push(['Retry-After', String(refusal.retryAfterS)])
  if (refusal.warning !== undefined) headers.push(['Warning', `309 ${edgeName} "${quotable(refusal.warning)}"`])
  if (side === 'internal') {
    const reason = quotable(refusal.reason)
    headers.push(['ms-diagnostics', `${refusal.diagnostics ?? 1000};reason="${reason}";source="${edgeName}";code="${refusal.code}"`])
  }
  return createResponse(request, refusal.status, undefined, { toTag, headers })
}

/** Text for a quoted-string: printable ASCII, no quotes, bounded (RFC 3261 §25.1). */
function quotable(text: string): string {
  return text
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/["\\]/g, "'")
    .slice(0, 400)
}
