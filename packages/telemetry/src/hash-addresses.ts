import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'

/**
 * Characters of a user part: those of SIP (RFC 3261 §25.1 `user`), of XMPP (RFC 7622 §3.3) and of IRC nicknames. What ends an address in a log
 * line is not among them: quotes, `:`, `<`, `>`, spaces.
 */
const USER_CHAR = /[A-Za-z0-9_.!~*'()&=+$,;?/%#{}|^`[\]\\\u0080-\uffff-]/
const DOMAIN = /[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\]/y
const ADDRESS_DIGITS = 12
const ID_DIGITS = 16

/** A function that replaces the user part of each address in a text by a keyed hash; the domain stays readable. */
export function addressHasher(key: string): (text: string) => string {
  const users = new HashedUsers(key)
  return (text) => {
    let at = text.indexOf('@')
    if (at < 0) return text
    let done = 0
    let clean = ''
    for (; at >= 0; at = text.indexOf('@', at + 1)) {
      DOMAIN.lastIndex = at + 1
      const domain = DOMAIN.exec(text)?.[0]
      let start = at
      // back to the one before it at most, so that a long line costs no more than its length
      while (start > done && USER_CHAR.test(text[start - 1] as string)) start--
      if (domain === undefined || start === at) continue
      clean += text.slice(done, start) + users.of(text.slice(start, at), domain)
      done = at
    }
    return clean + text.slice(done)
  }
}

/** How single addresses and ids are written in spans; an address has the same hash as in the log. */
export function hashedWords(key: string): { readonly address: (address: string) => string; readonly conversation: (id: string) => string } {
  const secret = secretOf(key)
  const users = new HashedUsers(key)
  return {
    address: (address) => {
      const at = address.lastIndexOf('@')
      const domain = address.slice(at + 1)
      return at < 0 ? hashOf(secret, address, ADDRESS_DIGITS) : `${users.of(address.slice(0, at), domain)}@${domain}`
    },
    conversation: (id) => hashOf(secret, `conversation ${id}`, ID_DIGITS),
  }
}

/** As they are: where the operator wants to read them. */
export const clearWords: ReturnType<typeof hashedWords> = { address: (address) => address, conversation: (id) => id }

/** The same few thousand people write all day, and a keyed hash costs as much as a span. */
const MOST_REMEMBERED = 4_096
/** Strangers choose how long an address is. */
const LONGEST_REMEMBERED = 256

class HashedUsers {
  readonly #secret: KeyObject
  readonly #known = new Map<string, string>()

  constructor(key: string) {
    this.#secret = secretOf(key)
  }

  of(user: string, domain: string): string {
    const address = `${user}@${domain}`
    const known = this.#known.get(address)
    if (known !== undefined) return known
    const hashed = hashOf(this.#secret, address.toLowerCase(), ADDRESS_DIGITS)
    if (address.length > LONGEST_REMEMBERED) return hashed
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear()
    this.#known.set(address, hashed)
    return hashed
  }
}

function secretOf(key: string): KeyObject {
  return createSecretKey(key, 'utf8')
}

function hashOf(secret: KeyObject, text: string, digits: number): string {
  return `h~${createHmac('sha256', secret).update(text).digest('base64url').slice(0, digits)}`
}
