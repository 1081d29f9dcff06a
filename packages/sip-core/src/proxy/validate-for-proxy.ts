import type { SipRequest } from '../message/sip-request.ts'
import { hasLooped } from './has-looped.ts'
import { loopHash } from './loop-hash.ts'
import type { ProxyIdentity } from './proxy-identity.ts'
import { createRefusal, type ProxyRefusal } from './proxy-refusal.ts'

/**
 * RFC 3261 §16.3: whether a request may be forwarded at all. Its syntax was checked before (`checkMessage`).
 * `supportedOptionTags`: option tags in lower case that this proxy implements. `hash`: when `loopHash` is known already.
 */
export function validateForProxy(
  request: SipRequest,
  identity: ProxyIdentity,
  supportedOptionTags: ReadonlySet<string>,
  hash: string = loopHash(request),
): ProxyRefusal | undefined {
  // RFC 3261 §16.3 step 3: absent passes, 0 does not, whatever the method
  const maxForwards = request.maxForwards()
  if (maxForwards === 0) return createRefusal('GH-SIP-TOO-MANY-HOPS')
  if (maxForwards === undefined && request.headers.has('max-forwards')) return createRefusal('GH-SIP-HEADER-SYNTAX')
  // RFC 3261 §16.3 step 4
  if (hasLooped(request, identity, hash)) return createRefusal('GH-SIP-LOOP')
  // RFC 3261 §16.3 step 5, §20.29
  if (request.headers.has('proxy-require')) {
    const unsupported = request.headers.values('proxy-require').filter((tag) => !supportedOptionTags.has(tag.toLowerCase()))
    if (unsupported.length > 0) return createRefusal('GH-SIP-EXTENSION', [['Unsupported', unsupported.join(', ')]])
  }
  return undefined
}
