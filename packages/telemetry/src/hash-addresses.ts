import { createHmac } from 'node:crypto'

/** The characters of a SIP user part (RFC 3261 §25.1 `user`, less those that end an address in a log line) before an `@` and a domain. */
const ADDRESS = /([A-Za-z0-9_.!~*'()&=+$,;?/%-]+)@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)/g

/** A function that replaces the user part of each address in a text by a keyed hash; the domain stays readable. */
export function addressHasher(key: string): (text: string) => string {
  return (text) =>
    text.replaceAll(ADDRESS, (_, user: string, domain: string) => {
      const digest = createHmac('sha256', key).update(`${user.toLowerCase()}@${domain.toLowerCase()}`).digest('base64url')
      return `h~${digest.slice(0, 12)}@${domain}`
    })
}
