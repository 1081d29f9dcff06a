import type { NameMatch, PeerNames } from '@gatehouse/im-model'

/** True when the certificate carries `host` itself; a wildcard stands for nothing (lcs-edge §6.2). */
export function carriesHost(names: PeerNames, host: string): boolean {
  if (isWildcard(host)) return false
  if (names.dns.length > 0 || names.sipDomains.length > 0) return names.dns.includes(host)
  // RFC 5922 §7.1: the common name counts only where there is no subjectAltName to look at
  return names.commonName === host
}

/** Which rule of RFC 5922 §7.2 ties `domain` to the certificate. */
export function matchSipDomain(names: PeerNames, domain: string): NameMatch {
  if (isWildcard(domain)) return 'none'
  // RFC 5922 §7.1: a DNS name is a SIP domain identity only where no sip URI is present
  if (names.sipDomains.length > 0) return names.sipDomains.includes(domain) ? 'rfc5922-uri' : 'none'
  if (names.dns.length > 0) return names.dns.includes(domain) ? 'rfc5922-dns' : 'none'
  return names.commonName === domain ? 'rfc5922-dns' : 'none'
}

/** The same-domain rule of lcs-edge §6.1: one label, then exactly the SIP domain; deeper hosts fail. */
export function isHostDirectlyIn(host: string, domain: string): boolean {
  const labelLength = host.length - domain.length - 1
  return labelLength > 0 && host.charCodeAt(labelLength) === 0x2e && host.indexOf('.') === labelLength && host.endsWith(domain)
}

function isWildcard(name: string): boolean {
  return name.length === 0 || name.charCodeAt(0) === 0x2a
}
