import { HeaderId } from '../header/header-names.ts'
import { parseVia } from '../header/via.ts'
import type { SipRequest } from '../message/sip-request.ts'
import type { ProxyIdentity } from './proxy-identity.ts'

/**
 * Whether the request was here before, unchanged (RFC 3261 §16.3 step 4): one of its Vias is ours and carries the hash that we
 * would give it again. One of ours with another hash is a spiral and passes. `hash`: of `loopHash`.
 */
export function hasLooped(request: SipRequest, identity: ProxyIdentity, hash: string): boolean {
  if (!mentions(request, hash)) return false
  return request.headers.values('via').some((value) => {
    const via = parseVia(value)
    return via?.branch !== undefined && via.branch.slice(via.branch.lastIndexOf('.') + 1) === hash && identity.isOwnVia(via)
  })
}

/** A plain text search, so that Vias of others are not parsed for every request. May be wrong in one direction only. */
function mentions(request: SipRequest, hash: string): boolean {
  const mark = `.${hash}`
  let searched = ''
  for (const line of request.headers.lines) {
    if (line.id !== HeaderId.via || line.source === searched) continue
    searched = line.source
    if (searched.includes(mark, line.start)) return true
  }
  return false
}
