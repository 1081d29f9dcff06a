import type { StanzaCondition } from '@gatehouse/xmpp-core'

/**
 * RFC 7247 §7.1: what a SIP sender is answered for a stanza error. Otherwise than there: 301, 302, 401 and 407 need a Contact or a challenge
 * that nobody has (RFC 3261 §22); 408 is nothing that a MESSAGE may be answered (RFC 4320 §4.2); `service-unavailable` is what servers say of
 * people who are offline, so 480; of a pair the 4xx is taken also for a bare address, for a 6xx ends the search everywhere (RFC 3261 §16.7).
 */
export const statusOfCondition: Readonly<Record<StanzaCondition, number>> = {
  'bad-request': 400,
  conflict: 400,
  'feature-not-implemented': 501,
  forbidden: 403,
  gone: 410,
  'internal-server-error': 500,
  'item-not-found': 404,
  'jid-malformed': 400,
  'not-acceptable': 406,
  'not-allowed': 403,
  'not-authorized': 403,
  'policy-violation': 403,
  'recipient-unavailable': 480,
  redirect: 480,
  'registration-required': 403,
  'remote-server-not-found': 404,
  'remote-server-timeout': 504,
  'resource-constraint': 500,
  'service-unavailable': 480,
  'subscription-required': 400,
  'undefined-condition': 400,
  'unexpected-request': 491,
}

const CONDITIONS: Readonly<Record<number, StanzaCondition>> = {
  400: 'bad-request',
  401: 'not-authorized',
  403: 'forbidden',
  // RFC 6121 §8.5.1: whether an account exists is not told to strangers.
  404: 'service-unavailable',
  405: 'feature-not-implemented',
  406: 'not-acceptable',
  407: 'registration-required',
  408: 'remote-server-timeout',
  410: 'gone',
  413: 'policy-violation',
  414: 'policy-violation',
  415: 'not-acceptable',
  416: 'not-acceptable',
  420: 'feature-not-implemented',
  421: 'not-acceptable',
  423: 'resource-constraint',
  429: 'resource-constraint',
  430: 'recipient-unavailable',
  439: 'feature-not-implemented',
  440: 'policy-violation',
  480: 'recipient-unavailable',
  481: 'item-not-found',
  482: 'not-acceptable',
  483: 'not-acceptable',
  484: 'item-not-found',
  485: 'item-not-found',
  486: 'recipient-unavailable',
  487: 'recipient-unavailable',
  488: 'not-acceptable',
  489: 'policy-violation',
  491: 'unexpected-request',
  500: 'internal-server-error',
  501: 'feature-not-implemented',
  502: 'remote-server-not-found',
  503: 'internal-server-error',
  504: 'remote-server-timeout',
  505: 'not-acceptable',
  513: 'policy-violation',
  380: 'not-acceptable',
  600: 'recipient-unavailable',
  603: 'recipient-unavailable',
  604: 'service-unavailable',
  606: 'not-acceptable',
}

/** RFC 7247 §7.2: what an XMPP sender is answered for a SIP status; those not listed by their class. */
export function conditionOfStatus(status: number): StanzaCondition {
  const exact = CONDITIONS[status]
  if (exact !== undefined) return exact
  if (status >= 600) return 'recipient-unavailable'
  if (status >= 500) return 'internal-server-error'
  return status >= 400 ? 'bad-request' : 'redirect'
}
