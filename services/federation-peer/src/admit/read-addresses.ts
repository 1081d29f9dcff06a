import type { NameAddr, SipRequest, SipUri } from '@gatehouse/sip-core'
import { parseVerification, VERIFICATION_HEADER } from '../boundary/trust-header.ts'
import type { Passage } from '../session/passage.ts'
import { kindOf } from './message-kind.ts'

const NONE: readonly string[] = []

/** Fills in what does not depend on trust: who sends, in which dialog, what kind. False: From or To is no SIP address with a domain. */
export function readSender(passage: Passage): boolean {
  const request = passage.request
  const from = request.from()?.sipUri
  if (from === undefined || request.to()?.sipUri === undefined) return false
  passage.kind = kindOf(request)
  passage.callId = request.callId() ?? ''
  passage.fromUser = from.user ?? ''
  passage.fromDomain = domainOf(from)
  passage.assertedDomains = assertedDomains(request)
  passage.assertedMark = parseVerification(request.headers.first(VERIFICATION_HEADER))
  passage.budgetKey = `${passage.fromUser}@${passage.fromDomain}`
  return passage.fromDomain !== '' && isPrintable(passage.fromUser)
}

/**
 * Fills in the addressee: the Request-URI, for that is where the next server will send it; only inside a dialog that our
 * own route token proves, the To header, because the Request-URI is then the far side's Contact (RFC 3261 §12.2.1.1).
 */
export function readAddressee(passage: Passage): boolean {
  const target = passage.isInDialog ? passage.request.to()?.sipUri : passage.request.requestSipUri()
  if (target === undefined) return false
  passage.toUser = target.user ?? ''
  passage.toDomain = domainOf(target)
  return passage.toDomain !== '' && isPrintable(passage.toUser)
}

export function domainOf(uri: SipUri): string {
  return uri.host.endsWith('.') ? uri.host.slice(0, -1) : uri.host
}

/** Domains of P-Asserted-Identity; a `tel:` identity has none and proves nothing (RFC 3325 §9.1). */
function assertedDomains(request: SipRequest): readonly string[] {
  if (!request.headers.has('P-Asserted-Identity')) return NONE
  const domains: string[] = []
  for (const identity of request.assertedIdentities() as readonly NameAddr[]) {
    if (identity.sipUri !== undefined) domains.push(domainOf(identity.sipUri))
  }
  return domains
}

/** Escapes may hide control characters, even NUL (RFC 4475 §3.1.1.4): nobody has them in an address, and logs and lists must not. */
function isPrintable(user: string): boolean {
  for (let at = 0; at < user.length; at++) {
    const code = user.charCodeAt(at)
    if (code < 0x20 || code === 0x7f) return false
  }
  return true
}
