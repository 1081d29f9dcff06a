import { addressKey } from '@gatehouse/im-model'

/**
 * The form users are compared in. Escapes are undone first: RFC 3261 §19.1.4 holds `%61lice` and `alice` equal, and a block
 * must not be evaded by an escape.
 */
export function userKey(user: string, domain: string): string {
  return addressKey(user.includes('%') ? unescapeUser(user) : user, domain)
}

function unescapeUser(user: string): string {
  try {
    return decodeURIComponent(user)
  } catch {
    return user
  }
}
