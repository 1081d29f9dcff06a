import type { Via } from '../header/via.ts'
import type { SipRequest } from '../message/sip-request.ts'

const MAGIC_COOKIE = 'z9hG4bK'

/** Cannot occur in a branch, a host or a URI, so no choice of values makes two different keys look alike. */
const SEPARATOR = '\n'

/**
 * What a request is matched by, without its method (RFC 3261 §17.2.3): branch and sent-by, within one scope. The scope
 * keeps peers apart: without it a peer that guesses a branch could cancel or acknowledge for another.
 */
export function serverKey(request: SipRequest, via: Via, scope: string | number): string {
  const branch = via.branch
  if (branch !== undefined && branch.length > MAGIC_COOKIE.length && branch.startsWith(MAGIC_COOKIE)) {
    return `${branch}${SEPARATOR}${via.host}${SEPARATOR}${via.port ?? ''}${SEPARATOR}${scope}`
  }
  return oldKey(request, scope)
}

/**
 * RFC 3261 §17.2.3, second list: an RFC 2543 sender, known by a branch without the cookie (or with nothing behind it, RFC 4475
 * §3.1.2.19). Request-URI, From tag, Call-ID, CSeq number and the whole top Via. The To tag is left out: the ACK of a
 * refusal carries the one of the response, and CSeq already tells the requests of one dialog apart.
 */
function oldKey(request: SipRequest, scope: string | number): string {
  const parts = [request.requestUri, request.from()?.tag ?? '', request.callId() ?? '', request.cseq()?.number ?? '']
  return [...parts, request.headers.values('via')[0] ?? '', scope].join(SEPARATOR)
}
