import { type ImAddress, normaliseDomain } from '@gatehouse/im-model'
import { decodeHeaderText, type SipUri } from '@gatehouse/sip-core'

/** RFC 3261 §25.1 `unreserved`, and of `user-unreserved` what no program takes for something else. */
const PLAIN = /[A-Za-z0-9\-_.!~*'()&=+$,/]/
const MAX_USER = 1_024

/** `sip:user@domain` with everything escaped that needs it (RFC 3261 §19.1.2). */
export function toSipUri(address: ImAddress): string {
  let user = ''
  for (const byte of Buffer.from(address.user, 'utf8')) {
    const character = String.fromCharCode(byte)
    user += PLAIN.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return `sip:${user}@${address.domain}`
}

/** The address of a SIP URI; undefined without a user or a domain name. */
export function addressOf(uri: SipUri | undefined): ImAddress | undefined {
  if (uri?.user === undefined || uri.user === '' || uri.user.length > MAX_USER) return undefined
  const domain = normaliseDomain(uri.host)
  return domain === undefined ? undefined : { user: decodeHeaderText(uri.user), domain }
}
