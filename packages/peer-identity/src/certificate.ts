import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { DerCursor, type DerElement, isWellFormedDer, readOid, readSmallInteger, readTime, toHex } from './der.ts'
import { type DistinguishedName, readDistinguishedName } from './distinguished-name.ts'
import type { Refusal } from './errors.ts'
import { type Extensions, noExtensions, readExtensions } from './extensions.ts'

/** Larger than any certificate in honest use; what TLS itself accepts is of the same order. */
const MAX_CERTIFICATE_BYTES = 65_536

/** A certificate taken apart; nothing about it is verified yet. */
export interface Certificate {
  readonly der: Uint8Array
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string
  /** X.509 version: 1, 2 or 3. */
  readonly version: number
  /** Content octets of the serial number, hex. */
  readonly serial: string
  readonly issuer: DistinguishedName
  readonly subject: DistinguishedName
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
  /** Base64 SHA-256 of it (RFC 7469 §2.4). */
  readonly spkiPin: string
  readonly publicKey: KeyObject
  /** AlgorithmIdentifier of the signature. */
  readonly signatureAlgorithm: Uint8Array
  readonly extensions: Extensions
  /** OpenSSL's view of the same bytes. */
  readonly x509: X509Certificate
}

export type ParseResult = { readonly certificate: Certificate } | { readonly refusal: Refusal }

/** RFC 5280 §6.1: self-issued means the same name on both sides, whoever signed. */
export function isSelfIssued(certificate: Certificate): boolean {
  return certificate.issuer.key === certificate.subject.key
}

function malformed(detail: string): ParseResult {
  return { refusal: { code: 'GH-IDENTITY-MALFORMED', detail } }
}

interface Parts {
  readonly version: number
  readonly serial: Uint8Array
  readonly innerAlgorithm: DerElement
  readonly issuer: DerElement
  readonly notBefore: DerElement
  readonly notAfter: DerElement
  readonly subject: DerElement
  readonly spki: DerElement
  readonly extensions: DerElement | undefined
  readonly algorithm: DerElement
}

/** RFC 5280 §4.1; undefined when the outline does not fit. */
function outline(der: Uint8Array): Parts | undefined {
  const certificate = new DerCursor(der).enter(0x30)
  const tbs = certificate.enter(0x30)
  const versionElement = tbs.optional(0xa0)
  const serial = tbs.take(0x02).content
  const innerAlgorithm = tbs.take(0x30)
  const issuer = tbs.take(0x30)
  const validity = tbs.enter(0x30)
  const notBefore = validity.take()
  const notAfter = validity.take()
  const subject = tbs.take(0x30)
  const spki = tbs.take(0x30)
  tbs.optional(0x81)
  tbs.optional(0x82)
  const extensions = tbs.optional(0xa3)
  const algorithm = certificate.take(0x30)
  const signature = certificate.take(0x03)
  if (!tbs.isDone || !validity.isDone || !certificate.isDone || signature.content[0] !== 0) return undefined
  let version = 1
  if (versionElement !== undefined) {
    const cursor = new DerCursor(versionElement.content)
    version = (readSmallInteger(cursor.take(0x02).content) ?? -1) + 1
    if (!cursor.isDone || version < 2 || version > 3) return undefined
  }
  if (serial.length === 0 || serial.length > 64 || (extensions !== undefined && version !== 3)) return undefined
  return { version, serial, innerAlgorithm, issuer, notBefore, notAfter, subject, spki, extensions, algorithm }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

/** Takes a certificate apart. Never throws, whatever the bytes; work is bounded by their number. */
export function parseCertificate(der: Uint8Array): ParseResult {
  if (der.length > MAX_CERTIFICATE_BYTES) {
    return { refusal: { code: 'GH-IDENTITY-TOO-LARGE', detail: `${der.length} bytes.` } }
  }
  if (!isWellFormedDer(der)) return malformed('Not DER.')
  const parts = outline(der)
  if (parts === undefined) return malformed('Not laid out as RFC 5280 §4.1 says.')
  // RFC 5280 §4.1.1.2: the algorithm stands inside and outside of what is signed, the same both times.
  if (!sameBytes(parts.innerAlgorithm.whole, parts.algorithm.whole)) return malformed('The two signature algorithm fields differ.')
  const issuer = readDistinguishedName(parts.issuer.content)
  const subject = readDistinguishedName(parts.subject.content)
  const notBeforeMs = readTime(parts.notBefore)
  const notAfterMs = readTime(parts.notAfter)
  if (issuer === undefined || subject === undefined) return malformed('Issuer or subject is not a name.')
  // RFC 5280 §4.1.2.4: the issuer is never empty.
  if (issuer.isEmpty) return malformed('The issuer is empty.')
  if (notBeforeMs === undefined || notAfterMs === undefined) return malformed('The validity is not two times.')
  const extensions = parts.extensions === undefined ? noExtensions() : readExtensions(parts.extensions.content)
  if (extensions === undefined) return malformed('An extension is malformed or stands there twice.')
  try {
    const bytes = Buffer.from(der)
    return {
      certificate: {
        der: bytes,
        fingerprint: createHash('sha256').update(bytes).digest('hex'),
        version: parts.version,
        serial: toHex(parts.serial),
        issuer,
        subject,
        notBeforeMs,
        notAfterMs,
        spki: Buffer.from(parts.spki.whole),
        spkiPin: createHash('sha256').update(parts.spki.whole).digest('base64'),
        publicKey: createPublicKey({ key: Buffer.from(parts.spki.whole), format: 'der', type: 'spki' }),
        signatureAlgorithm: Buffer.from(parts.algorithm.whole),
        extensions,
        x509: new X509Certificate(bytes),
      },
    }
  } catch {
    return malformed('The public key or the certificate is not usable.')
  }
}

/** The dotted OID of an AlgorithmIdentifier. */
export function algorithmOid(algorithm: Uint8Array): string | undefined {
  return readOid(new DerCursor(algorithm).enter(0x30).take(0x06).content)
}
