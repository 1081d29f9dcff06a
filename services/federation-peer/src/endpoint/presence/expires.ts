import type { SipMessage } from '@gatehouse/sip-core'

/** RFC 3856 §6.4. */
const DEFAULT_S = 3_600

/** Seconds of an Expires header; what RFC 3856 says without one. Never more than `maxS`. */
export function expiresOf(message: SipMessage, maxS: number = DEFAULT_S): number {
  const text = message.headers.first('Expires')?.trim() ?? ''
  const seconds = /^\d{1,9}$/.test(text) ? Number.parseInt(text, 10) : DEFAULT_S
  return Math.min(seconds, maxS)
}
