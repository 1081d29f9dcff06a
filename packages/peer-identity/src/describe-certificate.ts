import { type Certificate, isSelfIssued, parseCertificate } from './certificate.ts'
import { printable } from './distinguished-name.ts'
import { eku } from './eku.ts'
import type { Refusal } from './errors.ts'
import { type DomainMatch, domainMatchOf } from './match.ts'
import { type IgnoredName, subjectNames } from './peer-names.ts'

/** A certificate in plain words; nothing about it is verified. */
export interface CertificateDescription {
  readonly subject: string
  readonly issuer: string
  readonly serial: string
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string
  /** Base64 SHA-256 of the SubjectPublicKeyInfo, as used for pins. */
  readonly spkiPin: string
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** For example `RSA 2048` or `prime256v1`. */
  readonly key: string
  readonly isCa: boolean
  readonly isSelfIssued: boolean
  readonly dns: readonly string[]
  /** The SIP domains that it speaks for by RFC 5922, and by which kind of name. */
  readonly sipDomains: readonly { readonly domain: string; readonly by: DomainMatch }[]
  readonly commonName: string | undefined
  readonly ignoredNames: readonly IgnoredName[]
  /** `any` when there is no such extension. */
  readonly extendedKeyUsage: readonly string[] | 'any'
  readonly mayBeTlsClient: boolean
  readonly mayBeTlsServer: boolean
}

function keyText(certificate: Certificate): string {
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails: details } = certificate.publicKey
  if (type === 'rsa' || type === 'rsa-pss') return `RSA ${details?.modulusLength ?? 0}`
  return details?.namedCurve ?? type
}

/** The description of a certificate taken apart. */
export function describeParsed(certificate: Certificate): CertificateDescription {
  const { names, ignored } = subjectNames(certificate)
  const candidates = [...names.sipDomains, ...names.dns, ...(names.commonName === undefined ? [] : [names.commonName])]
  const usages = certificate.extensions.extendedKeyUsage
  const commonName = certificate.subject.commonName
  return {
    subject: certificate.subject.text,
    issuer: certificate.issuer.text,
    serial: certificate.serial,
    fingerprint: certificate.fingerprint,
    spkiPin: certificate.spkiPin,
    notBeforeMs: certificate.notBeforeMs,
    notAfterMs: certificate.notAfterMs,
    key: keyText(certificate),
    isCa: certificate.extensions.basicConstraints?.isCa === true,
    isSelfIssued: isSelfIssued(certificate),
    dns: names.dns,
    sipDomains: candidates.map((domain) => ({ domain, by: domainMatchOf(names, domain) })).filter(({ by }) => by !== 'none'),
    commonName: commonName === undefined ? undefined : printable(commonName),
    ignoredNames: ignored,
    extendedKeyUsage: usages ?? 'any',
    mayBeTlsClient: eku.mayBeTlsClient(usages),
    mayBeTlsServer: eku.mayBeTlsServer(usages),
  }
}

/** What stands in a certificate, or why it cannot be read. Never throws. */
export function describeCertificate(der: Uint8Array): CertificateDescription | Refusal {
  const result = parseCertificate(der)
  return 'refusal' in result ? result.refusal : describeParsed(result.certificate)
}
