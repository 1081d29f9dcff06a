import { parseVia } from '../header/via.ts'
import type { SipRequest } from '../message/sip-request.ts'
import { loopHash } from './loop-hash.ts'
import type { ProxyIdentity } from './proxy-identity.ts'
import { createRefusal, type ProxyRefusal } from './proxy-refusal.ts'

/**
 * RFC 3261 §16.3: whether a request may be forwarded at all. Its syntax was checked before (`checkMessage`).
 * `supportedOptionTags`: option tags in lower case that this proxy implements.
 */
export function validateForProxy(
  request: SipRequest,
  identity: ProxyIdentity,
  supportedOptionTags: ReadonlySet<string>,
): ProxyRefusal | undefined {
  // RFC 3261 §16.3 step 3: absent passes, 0 does not, whatever the method
  const maxForwards = request.maxForwards()
  if (maxForwards === 0) return createRefusal('GH-SIP-TOO-MANY-HOPS')
  if (maxForwards === undefined && request.headers.has('max-forwards')) return createRefusal('GH-SIP-HEADER-SYNTAX')
  // RFC 3261 §16.3 step 4
  if (hasLooped(request, identity)) return createRefusal('GH-SIP-LOOP')
  // RFC 3261 §16.3 step 5, §20.29
  if (request.headers.has('proxy-require')) {
    const unsupported = request.headers.values('proxy-require').filter((tag) => !supportedOptionTags.has(tag.toLowerCase()))
    if (unsupported.length > 0) return createRefusal('GH-SIP-EXTENSION', [['Unsupported', unsupported.join(', ')]])
  }
  return undefined
}

/** A request is in a loop when one of its Vias is ours and carries the hash that we would give it again; else it is a spiral. */
function hasLooped(request: SipRequest, identity: ProxyIdentity): boolean {
  const top = request.topVia()
  const vias = request.headers.values('via')
  let hash: string | undefined
  for (let at = 0; at < vias.length; at++) {
    const via = at === 0 ? top : parseVia(vias[at] as string)
    if (via === undefined || via.branch === undefined || !identity.isOwnVia(via)) continue
    hash ??= loopHash(request)
    if (via.branch.slice(via.branch.lastIndexOf('.') + 1) === hash) return true
  }
  return false
}
