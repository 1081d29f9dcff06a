import type { StanzaCondition } from '@gatehouse/xmpp-core'

/** RFC 7247 §4 (table 1): what a SIP sender is answered for a stanza error. */
export const statusOfCondition: Readonly<Record<StanzaCondition, number>> = {
  'bad-request': 400,
  conflict: 400,
  'feature-not-implemented': 501,
  forbidden: 403,
  gone: 410,
  'internal-server-error': 500,
  'item-not-found': 404,
  'jid-malformed': 484,
  'not-acceptable': 406,
  'not-allowed': 403,
  'not-authorized': 403,
  'policy-violation': 403,
  'recipient-unavailable': 480,
  redirect: 480,
  'registration-required': 403,
  'remote-server-not-found': 404,
  'remote-server-timeout': 504,
  'resource-constraint': 503,
  'service-unavailable': 480,
  'subscription-required': 403,
  'undefined-condition': 480,
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
  416: 'jid-malformed',
  420: 'feature-not-implemented',
  429: 'resource-constraint',
  480: 'recipient-unavailable',
  481: 'item-not-found',
  482: 'not-acceptable',
  483: 'not-acceptable',
  484: 'jid-malformed',
  486: 'recipient-unavailable',
  487: 'recipient-unavailable',
  488: 'not-acceptable',
  489: 'policy-violation',
  491: 'unexpected-request',
  500: 'internal-server-error',
  501: 'feature-not-implemented',
  502: 'remote-server-not-found',
  503: 'resource-constraint',
  504: 'remote-server-timeout',
  505: 'not-acceptable',
  513: 'policy-violation',
  603: 'not-allowed',
  604: 'service-unavailable',
  606: 'not-acceptable',
}

/** RFC 7247 §4 (table 2): what an XMPP sender is answered for a SIP status; those not listed by their class. */
export function conditionOfStatus(status: number): StanzaCondition {
  const exact = CONDITIONS[status]
  if (exact !== undefined) return exact
  if (status >= 600) return 'service-unavailable'
  if (status >= 500) return 'internal-server-error'
  return status >= 400 ? 'bad-request' : 'redirect'
}
