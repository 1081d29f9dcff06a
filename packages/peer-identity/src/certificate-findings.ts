import { createPrivateKey } from 'node:crypto'
import { type Certificate, isSelfIssued } from './certificate.ts'
import { describeParsed } from './describe-certificate.ts'
import { type IdentityCode, identityCodes } from './errors.ts'
import { keyUsageBits } from './extensions.ts'
import { domainMatchOf } from './match.ts'
import { subjectNames } from './peer-names.ts'
import { keyWeakness, signatureWeakness } from './strength.ts'

const DAY_MS = 86_400_000

/** `error`: peers refuse it. `warning`: some do, or soon. `note`: untidy. */
export type Severity = 'error' | 'warning' | 'note'

export interface CertificateFinding {
  readonly code: IdentityCode
  readonly severity: Severity
  /** What is the matter, with the facts of this certificate. */
  readonly sentence: string
  readonly fix: string
}

/** A finding with the summary and remedy of its code. */
export function finding(code: IdentityCode, severity: Severity, detail: string): CertificateFinding {
  const { summary, remedy } = identityCodes[code]
  return { code, severity, sentence: detail === '' ? summary : `${summary} ${detail}`, fix: remedy }
}

function label(certificate: Certificate): string {
  return certificate.subject.text === '' ? `serial ${certificate.serial}` : certificate.subject.text
}

/** Names: what the certificate speaks for, and what it does not although it should. */
export function nameFindings(leaf: Certificate, domains: readonly string[]): CertificateFinding[] {
  const { names } = subjectNames(leaf)
  const description = describeParsed(leaf)
  const found: CertificateFinding[] = []
  for (const { name, why } of description.ignoredNames) found.push(finding('GH-CERT-NAME-IGNORED', 'warning', `${name}: ${why}.`))
  for (const name of names.dns) if (name.startsWith('*.')) found.push(finding('GH-CERT-WILDCARD', 'warning', `${name}.`))
  if (names.commonName !== undefined) found.push(finding('GH-CERT-COMMON-NAME-ONLY', 'warning', `CN=${names.commonName}.`))
  const commonName = leaf.subject.commonName?.toLowerCase()
  if (names.dns.length > 0 && (commonName === undefined || !names.dns.includes(commonName))) {
    found.push(finding('GH-CERT-CN-NOT-IN-SAN', 'note', ''))
  }
  if (domains.length === 0 && description.sipDomains.length === 0) {
    found.push(finding('GH-CERT-NO-SIP-DOMAIN', 'warning', ''))
  }
  for (const domain of domains) {
    if (domainMatchOf(names, domain) !== 'none') continue
    // Microsoft's edges look at the host that SRV leads to instead, which must lie in the domain.
    const host = names.dns.find((name) => !name.startsWith('*.') && name.endsWith(`.${domain.toLowerCase()}`))
    if (host === undefined) found.push(finding('GH-CERT-NO-SIP-DOMAIN', 'error', `It does not speak for ${domain}.`))
    else {
      const detail = `It does not speak for ${domain}; peers that go by SRV accept ${host} if _sipfederationtls._tcp.${domain} leads there.`
      found.push(finding('GH-CERT-NO-SIP-DOMAIN', 'warning', detail))
    }
  }
  return found
}

/** Key usage and extended key usage: which peers will refuse it. */
export function usageFindings(leaf: Certificate): CertificateFinding[] {
  const found: CertificateFinding[] = []
  const { keyUsage, extendedKeyUsage } = leaf.extensions
  if (keyUsage !== undefined && (keyUsage & keyUsageBits.digitalSignature) === 0) {
    found.push(finding('GH-IDENTITY-KEY-USAGE', 'error', `${label(leaf)}: key usage lacks digitalSignature.`))
  }
  const { mayBeTlsClient, mayBeTlsServer } = describeParsed(leaf)
  if (mayBeTlsClient && mayBeTlsServer) return found
  if (!mayBeTlsClient && !mayBeTlsServer) {
    const isSipDomain = extendedKeyUsage?.includes('1.3.6.1.5.5.7.3.20') === true
    if (isSipDomain) found.push(finding('GH-CERT-SIP-DOMAIN-EKU-ONLY', 'error', ''))
    else found.push(finding('GH-IDENTITY-EKU', 'error', `${label(leaf)}: ${(extendedKeyUsage ?? []).join(' ')}.`))
  } else if (!mayBeTlsClient) found.push(finding('GH-CERT-NO-CLIENT-AUTH', 'warning', ''))
  else found.push(finding('GH-CERT-NO-SERVER-AUTH', 'error', ''))
  return found
}

/** Validity and strength of every certificate of the file. */
export function soundnessFindings(chain: readonly Certificate[], nowMs: number, warnDays: number): CertificateFinding[] {
  const found: CertificateFinding[] = []
  for (const certificate of chain) {
    const who = label(certificate)
    const until = new Date(certificate.notAfterMs).toISOString()
    const daysLeft = Math.floor((certificate.notAfterMs - nowMs) / DAY_MS)
    if (nowMs < certificate.notBeforeMs) {
      found.push(finding('GH-IDENTITY-NOT-YET-VALID', 'error', `${who}: valid from ${new Date(certificate.notBeforeMs).toISOString()}.`))
    } else if (nowMs > certificate.notAfterMs) found.push(finding('GH-IDENTITY-EXPIRED', 'error', `${who}: valid until ${until}.`))
    else if (daysLeft < warnDays) found.push(finding('GH-CERT-EXPIRES-SOON', 'warning', `${who}: ${daysLeft} days left, until ${until}.`))
    const weakness =
      keyWeakness(certificate.publicKey) ?? (isSelfIssued(certificate) ? undefined : signatureWeakness(certificate.signatureAlgorithm))
    if (weakness !== undefined) found.push(finding('GH-IDENTITY-WEAK', 'error', `${who}: ${weakness}.`))
    const [unknown] = certificate.extensions.unknownCritical
    if (unknown !== undefined) found.push(finding('GH-IDENTITY-CRITICAL-EXTENSION', 'error', `${who}: ${unknown}.`))
  }
  return found
}

function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  if (certificate.issuer.key !== issuer.subject.key) return false
  try {
    return certificate.x509.verify(issuer.publicKey)
  } catch {
    return false
  }
}

/** The file's certificates against the order that TLS wants (RFC 8446 §4.4.2): each one certifies the one before it. */
export function orderFindings(file: readonly Certificate[]): CertificateFinding[] {
  const found: CertificateFinding[] = []
  // The end of the chain nobody else in the file was issued by: what the file is about, wherever it stands.
  const leaf = file.find((each) => !file.some((other) => other !== each && isIssuedBy(other, each))) ?? (file[0] as Certificate)
  const ordered: Certificate[] = [leaf]
  for (;;) {
    const top = ordered[ordered.length - 1] as Certificate
    const issuer = file.find((each) => !ordered.includes(each) && isIssuedBy(top, each))
    if (issuer === undefined) break
    ordered.push(issuer)
  }
  const extra = file.filter((each) => !ordered.includes(each))
  for (const each of extra) found.push(finding('GH-CERT-CHAIN-EXTRA', 'warning', `${label(each)}.`))
  const present = file.filter((each) => ordered.includes(each))
  if (present.some((each, index) => each !== ordered[index])) {
    const severity = file[0] === leaf ? 'warning' : 'error'
    found.push(finding('GH-CERT-CHAIN-ORDER', severity, `In order: ${ordered.map(label).join('; ')}.`))
  }
  const top = ordered[ordered.length - 1] as Certificate
  if (!isSelfIssued(top)) found.push(finding('GH-CERT-CHAIN-INCOMPLETE', 'note', `${label(top)} was issued by ${top.issuer.text}.`))
  else if (ordered.length > 1) found.push(finding('GH-CERT-CHAIN-ROOT', 'note', `${label(top)}.`))
  return found
}

/** Whether the private key belongs to the certificate. */
export function keyFindings(leaf: Certificate, keyPem: string | Uint8Array): CertificateFinding[] {
  try {
    const key = createPrivateKey(typeof keyPem === 'string' ? keyPem : Buffer.from(keyPem))
    return leaf.x509.checkPrivateKey(key) ? [] : [finding('GH-CERT-KEY-MISMATCH', 'error', '')]
  } catch {
    return [finding('GH-CERT-KEY-UNREADABLE', 'error', '')]
  }
}
