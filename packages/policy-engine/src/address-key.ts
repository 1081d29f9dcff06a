import { addressKey } from '@gatehouse/im-model'

/**
 * The form users are compared in. Escapes are undone first: RFC 3261 §19.1.4 holds `%61lice` and `alice` equal, and a block
 * must not be evaded by an escape.
 */
export function userKey(user: string, domain: string): string {
  return addressKey(foldUser(user), domain)
}

/** The user part alone, in the form it is compared in. */
export function foldUser(user: string): string {
  return (user.includes('%') ? unescapeUser(user) : user).toLowerCase()
}

function unescapeUser(user: string): string {
  try {
    return decodeURIComponent(user)
  } catch {
    return user
  }
}
