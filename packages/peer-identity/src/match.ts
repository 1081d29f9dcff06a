import { type NameMatch, normaliseDomain, type PeerIdentity, type PeerNames } from '@gatehouse/im-model'

/** The two ways in which a certificate speaks for a SIP domain. */
export type DomainMatch = Extract<NameMatch, 'rfc5922-uri' | 'rfc5922-dns' | 'none'>

/** As `matchDomain`, over names whose path is validated elsewhere. */
export function domainMatchOf(names: PeerNames, domain: string): DomainMatch {
  const wanted = normaliseDomain(domain)
  if (wanted === undefined) return 'none'
  // RFC 5922 §7.1: DNS names are domain identities only where no sip: URI gives one; the common name only where there is no SAN for it.
  if (names.sipDomains.length > 0) return names.sipDomains.includes(wanted) ? 'rfc5922-uri' : 'none'
  // §7.2: the whole name, letter by letter; `*.contoso.example` is not a name that anybody asks for.
  if (names.dns.includes(wanted)) return 'rfc5922-dns'
  return names.commonName === wanted ? 'rfc5922-dns' : 'none'
}

/** Whether the peer's certificate speaks for a SIP domain (RFC 5922 §7). No wildcards, no parent or child domains. */
export function matchDomain(identity: PeerIdentity, domain: string): DomainMatch {
  return identity.isAuthenticated ? domainMatchOf(identity.names, domain) : 'none'
}

export interface HostMatchOptions {
  /** Accept `*.contoso.example` for `sip.contoso.example` (RFC 6125 §6.4.3, whole leftmost label only); default false. */
  readonly acceptWildcard?: boolean
}

/** Whether the peer's certificate speaks for a host: a configured edge name or an SRV target. */
export function matchHost(identity: PeerIdentity, host: string, options: HostMatchOptions = {}): boolean {
  const wanted = normaliseDomain(host)
  if (!identity.isAuthenticated || wanted === undefined) return false
  const { dns, commonName } = identity.names
  if (dns.includes(wanted) || commonName === wanted) return true
  if (options.acceptWildcard !== true) return false
  const dot = wanted.indexOf('.')
  // Never a wildcard right below a top-level domain.
  return dot > 0 && wanted.indexOf('.', dot + 1) > 0 && dns.includes(`*${wanted.slice(dot)}`)
}

/**
 * Whether the key of the peer's certificate is one of the pins (base64 SHA-256 of SubjectPublicKeyInfo, RFC 7469 §2.4); an optional
 * `sha256/` or `pin-sha256:` in front is allowed. Two pins make a key roll-over: the present one and the next. No pins: nothing is demanded.
 */
export function pinMatches(identity: PeerIdentity, pins: readonly string[]): boolean {
  if (pins.length === 0) return true
  if (!identity.isAuthenticated || identity.spkiPin === '') return false
  return pins.some((pin) => pin.replace(/^(?:sha256\/|pin-sha256:)/, '') === identity.spkiPin)
}
