/** An IM address: case of the user part is kept for display and lowered for comparison by `addressKey`. */
export interface ImAddress {
  readonly user: string
  /** Lower-case A-labels without a trailing dot. */
  readonly domain: string
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/

/**
 * Lower-cases a DNS name and drops one trailing dot.
 * Returns undefined for anything that is not a host name of at most 253 octets (RFC 1123 §2.1); never throws.
 */
export function normaliseDomain(text: string): string | undefined {
  if (text.length === 0 || text.length > 254) return undefined
  let domain = text.toLowerCase()
  if (domain.endsWith('.')) domain = domain.slice(0, -1)
  if (domain.length === 0 || domain.length > 253) return undefined
  for (const label of domain.split('.')) if (!LABEL.test(label)) return undefined
  return domain
}

/** Parses `user@domain`; undefined when either half is missing or malformed. Never throws. */
export function parseAddress(text: string): ImAddress | undefined {
  const at = text.lastIndexOf('@')
  if (at <= 0 || at > 1024) return undefined
  const domain = normaliseDomain(text.slice(at + 1))
  return domain === undefined ? undefined : { user: text.slice(0, at), domain }
}

/** The form addresses are compared and stored in. */
export function addressKey(user: string, domain: string): string {
  return `${user.toLowerCase()}@${domain}`
}

/** True when `domain` is `parent` or lies below it on a label boundary. */
export function isSameOrSubdomain(domain: string, parent: string): boolean {
  if (domain.length === parent.length) return domain === parent
  return domain.length > parent.length && domain.endsWith(parent) && domain.charCodeAt(domain.length - parent.length - 1) === 0x2e
}
