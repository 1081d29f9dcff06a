const PERCENT_SIGN = 0x25

/**
 * The form users are compared in. Escapes are undone first: RFC 3261 §19.1.4 holds `%61lice` and `alice` equal, and a block
 * must not be evaded by an escape.
 */
export function userKey(user: string, domain: string): string {
  return keyOf(foldUser(user), domain)
}

/** The same of a user part that is folded already. */
export function keyOf(foldedUser: string, domain: string): string {
  return `${foldedUser}@${domain}`
}

/** The user part alone, in the form it is compared in. */
export function foldUser(user: string): string {
  // Nearly everybody is written that way; looking costs less than making the same text again.
  if (isFolded(user)) return user
  return (user.includes('%') ? unescapeUser(user) : user).toLowerCase()
}

function isFolded(user: string): boolean {
  for (let at = 0; at < user.length; at++) {
    const code = user.charCodeAt(at)
    if (code >= 0x80 || code === PERCENT_SIGN || (code >= 0x41 && code <= 0x5a)) return false
  }
  return true
}

function unescapeUser(user: string): string {
  try {
    return decodeURIComponent(user)
  } catch {
    return user
  }
}
