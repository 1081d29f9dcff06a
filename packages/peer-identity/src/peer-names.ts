import { normaliseDomain, type PeerNames } from '@gatehouse/im-model'
import type { Certificate } from './certificate.ts'
import { printable } from './distinguished-name.ts'

/** A name that is not used, and why. */
export interface IgnoredName {
  readonly name: string
  readonly why: string
}

export interface SubjectNames {
  readonly names: PeerNames
  readonly ignored: readonly IgnoredName[]
}

export const noNames: PeerNames = { dns: [], sipDomains: [], commonName: undefined }

const UNPRINTABLE = /[^\u0021-\u007e]/
const ALL_DIGITS = /^\d+$/

/** A host or domain name in the form names are compared in; undefined when it is none. An IPv4 address is none. */
function domainName(text: string): string | undefined {
  const domain = normaliseDomain(text)
  if (domain === undefined) return undefined
  return ALL_DIGITS.test(domain.slice(domain.lastIndexOf('.') + 1)) ? undefined : domain
}

/** A dNSName, wildcard allowed as the whole leftmost label; or why it is not usable. */
export function readDnsName(text: string): { name: string } | { why: string } {
  // A NUL ends the name for C programs, so `a.example\0.evil.example` reads differently on both sides (CVE-2009-2408).
  if (UNPRINTABLE.test(text)) return { why: 'it contains NUL, control, blank or non-ASCII characters' }
  const isWildcard = text.startsWith('*.')
  const domain = domainName(isWildcard ? text.slice(2) : text)
  if (domain === undefined) return { why: 'it is not a host name' }
  return { name: isWildcard ? `*.${domain}` : domain }
}

/** RFC 5922 §7.1: a `sip:` URI without user part names the domain of its host part. Undefined: of another scheme. */
export function readSipDomain(uri: string): { name: string } | { why: string } | undefined {
  if (uri.slice(0, 4).toLowerCase() !== 'sip:') return undefined
  if (UNPRINTABLE.test(uri)) return { why: 'it contains NUL, control, blank or non-ASCII characters' }
  if (uri.includes('@')) return { why: 'it names a user, not a domain (RFC 5922 §7.1)' }
  let end = 4
  while (end < uri.length && !':;?'.includes(uri.charAt(end))) end += 1
  const domain = domainName(uri.slice(4, end))
  return domain === undefined ? { why: 'its host part is not a domain' } : { name: domain }
}

function readCommonName(certificate: Certificate, ignored: IgnoredName[]): string | undefined {
  const text = certificate.subject.commonName
  if (text === undefined) return undefined
  const read = readDnsName(text)
  if ('name' in read && !read.name.startsWith('*.')) return read.name
  ignored.push({ name: `CN=${printable(text)}`, why: 'why' in read ? read.why : 'a wildcard in the common name is never used' })
  return undefined
}

/**
 * All names of a certificate, lower case. The common name is given only where there is no SAN name of a usable type
 * (RFC 5922 §7.1 step 2, RFC 6125 §6.4.4); an unusable DNS name in the SAN does not bring the common name back.
 */
export function subjectNames(certificate: Certificate): SubjectNames {
  const dns = new Set<string>()
  const sipDomains = new Set<string>()
  const ignored: IgnoredName[] = []
  let hasUsableType = false
  for (const general of certificate.extensions.subjectAltName ?? []) {
    if (general.kind === 'dns' || general.kind === 'ip') hasUsableType = true
    if (general.kind === 'dns') {
      const read = readDnsName(general.text)
      if ('name' in read) dns.add(read.name)
      else ignored.push({ name: `DNS:${printable(general.text)}`, why: read.why })
    } else if (general.kind === 'uri') {
      const read = readSipDomain(general.text)
      if (read === undefined) continue
      hasUsableType = true
      if ('name' in read) sipDomains.add(read.name)
      else ignored.push({ name: `URI:${printable(general.text)}`, why: read.why })
    }
  }
  const commonName = hasUsableType ? undefined : readCommonName(certificate, ignored)
  return { names: { dns: [...dns], sipDomains: [...sipDomains], commonName }, ignored }
}
