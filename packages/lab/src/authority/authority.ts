import { createHash, randomBytes } from 'node:crypto'
import { explicit, integer, sequence, time, tlv, toPem } from './der.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  type ExtendedKeyUsage,
  extendedKeyUsage,
  extension,
  type KeyUsage,
  keyUsage,
  type NameConstraints,
  nameConstraints,
  type RawExtension,
  subjectAltName,
  subjectKeyIdentifier,
} from './extensions.ts'
import { type DigestName, type KeyKind, type KeyPair, makeKeyPair, type SignatureScheme, signedStructure } from './key-pair.ts'
import { distinguishedName, type NameLists } from './names.ts'
import { type CrlOptions, makeCrl, type Revocation } from './revocation-list.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** What a certificate shall contain; everything optional, the defaults make an ordinary valid one. */
export interface CertificateOptions extends NameLists {
  /** Subject common name; for leaves default: none (names belong into the SAN). */
  readonly commonName?: string
  readonly organisation?: string
  /** undefined: `serverAuth` and `clientAuth` on leaves, none on authorities; `[]`: no extension. */
  readonly eku?: readonly ExtendedKeyUsage[]
  /** `[]`: no extension. */
  readonly keyUsage?: readonly KeyUsage[]
  /** Default: an hour ago. */
  readonly notBefore?: Date
  /** Default: 30 days ahead for leaves, a year for authorities. */
  readonly notAfter?: Date
  readonly isCa?: boolean
  readonly pathLength?: number
  readonly hasBasicConstraints?: boolean
  readonly hasKeyIdentifiers?: boolean
  readonly nameConstraints?: NameConstraints
  readonly isSanCritical?: boolean
  readonly extensions?: readonly RawExtension[]
  /** Default p256. */
  readonly key?: KeyKind
  /** A key made before, for renewals and cross-certificates. */
  readonly keyPair?: KeyPair
  /** Digest of the issuer's signature; default sha256. */
  readonly digest?: DigestName
  readonly scheme?: SignatureScheme
  readonly serial?: bigint
}

/** A certificate with its key. */
export interface Issued {
  readonly der: Uint8Array
  readonly certPem: string
  /** PKCS #8. */
  readonly keyPem: string
  /** The certificate and the intermediates above it, without the root: what a TLS endpoint presents. */
  readonly chainPem: string
  /** The same as DER, leaf first. */
  readonly chainDer: readonly Uint8Array[]
  readonly serial: bigint
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string
  readonly keyPair: KeyPair
}

export interface AuthorityOptions extends CertificateOptions {
  /** Common name of the authority. */
  readonly name: string
  readonly nowMs?: () => number
}

interface Signer {
  readonly organisation: string
  readonly subject: Uint8Array
  readonly keyPair: KeyPair
  /** What a TLS endpoint presents after its own certificate: the signer and what is above it, without the root. */
  readonly presented: readonly Uint8Array[]
}

/**
 * A certificate authority made at run time, for the demo and for tests. It signs whatever it is asked to, broken certificates too:
 * never for production.
 */
export class Authority {
  readonly name: string
  /** `O` of its name: its own, its issuer's or, for a root without one, its name. */
  readonly organisation: string
  /** The authority's own certificate. */
  readonly certificate: Issued
  /** DER name that stands in `issuer` of what it signs. */
  readonly subject: Uint8Array
  readonly #isRoot: boolean
  readonly #nowMs: () => number
  readonly #revoked: Revocation[] = []
  #crlNumber = 0

  private constructor(name: string, organisation: string, subject: Uint8Array, certificate: Issued, isRoot: boolean, nowMs: () => number) {
    this.name = name
    this.organisation = organisation
    this.#isRoot = isRoot
    this.subject = subject
    this.certificate = certificate
    this.#nowMs = nowMs
  }

  /** A new root. */
  static create(options: AuthorityOptions): Authority {
    return Authority.#make(options, undefined, options.nowMs ?? Date.now)
  }

  /** A new authority below this one; `options` may break every rule. */
  intermediate(options: AuthorityOptions): Authority {
    return Authority.#make(options, this.#signer(), options.nowMs ?? this.#nowMs)
  }

  static #make(options: AuthorityOptions, issuer: Signer | undefined, nowMs: () => number): Authority {
    const organisation = options.organisation ?? issuer?.organisation ?? options.name
    const subject = distinguishedName(options.name, organisation)
    const own = { commonName: options.name, organisation }
    const full: CertificateOptions = { isCa: true, keyUsage: ['keyCertSign', 'cRLSign'], eku: [], ...options, ...own }
    return new Authority(
      options.name,
      organisation,
      subject,
      makeCertificate(full, issuer, nowMs(), 365 * DAY_MS),
      issuer === undefined,
      nowMs,
    )
  }

  /** The authority's own certificate; a root's is what the other side trusts. */
  get certPem(): string {
    return this.certificate.certPem
  }

  get der(): Uint8Array {
    return this.certificate.der
  }

  /** Signs an end entity's certificate. */
  issue(options: CertificateOptions = {}): Issued {
    return makeCertificate(
      { eku: ['serverAuth', 'clientAuth'], keyUsage: ['digitalSignature'], ...options },
      this.#signer(),
      this.#nowMs(),
      30 * DAY_MS,
    )
  }

  /** Certifies another authority's name and key. */
  crossSign(other: Authority, options: CertificateOptions = {}): Issued {
    const full: CertificateOptions = {
      isCa: true,
      keyUsage: ['keyCertSign', 'cRLSign'],
      eku: [],
      ...options,
      commonName: other.name,
      organisation: other.organisation,
      keyPair: other.certificate.keyPair,
    }
    return makeCertificate(full, this.#signer(), this.#nowMs(), 365 * DAY_MS)
  }

  /** Puts a certificate on the next revocation list. */
  revoke(certificate: { readonly serial: bigint }, at: Date = new Date(this.#nowMs())): void {
    this.#revoked.push({ serial: certificate.serial, at })
  }

  crlDer(options: CrlOptions = {}): Uint8Array {
    this.#crlNumber += 1
    return makeCrl(this.subject, this.certificate.keyPair, this.#revoked, this.#crlNumber, this.#nowMs(), options)
  }

  crlPem(options: CrlOptions = {}): string {
    return toPem('X509 CRL', this.crlDer(options))
  }

  #signer(): Signer {
    const presented = this.#isRoot ? [] : this.certificate.chainDer
    return { organisation: this.organisation, subject: this.subject, keyPair: this.certificate.keyPair, presented }
  }
}

/** A certificate signed by its own key. */
export function selfSigned(options: CertificateOptions = {}, nowMs: () => number = Date.now): Issued {
  return makeCertificate(
    { eku: ['serverAuth', 'clientAuth'], keyUsage: ['digitalSignature'], commonName: 'self signed', ...options },
    undefined,
    nowMs(),
    30 * DAY_MS,
  )
}

function extensionsOf(options: CertificateOptions, keyPair: KeyPair, issuerKeys: KeyPair | undefined): Uint8Array[] {
  const list: Uint8Array[] = []
  if (options.hasBasicConstraints ?? true) list.push(basicConstraints(options.isCa ?? false, options.pathLength))
  if (options.keyUsage !== undefined && options.keyUsage.length > 0) list.push(keyUsage(options.keyUsage))
  if (options.eku !== undefined && options.eku.length > 0) list.push(extendedKeyUsage(options.eku))
  const hasNames = [options.dns, options.uri, options.ip, options.email].some((names) => names !== undefined && names.length > 0)
  // RFC 5280 §4.2.1.6: critical where the subject is empty.
  const hasSubject = options.commonName !== undefined || options.organisation !== undefined
  if (hasNames) list.push(subjectAltName(options, options.isSanCritical ?? !hasSubject))
  if (options.nameConstraints !== undefined) list.push(nameConstraints(options.nameConstraints))
  if (options.hasKeyIdentifiers ?? true) {
    list.push(subjectKeyIdentifier(keyPair.publicKey))
    if (issuerKeys !== undefined) list.push(authorityKeyIdentifier(issuerKeys.publicKey))
  }
  for (const raw of options.extensions ?? []) list.push(extension(raw))
  return list
}

/** RFC 5280 §4.1; `issuer` undefined: signed by its own key. */
function makeCertificate(options: CertificateOptions, issuer: Signer | undefined, nowMs: number, lifeMs: number): Issued {
  const keyPair = options.keyPair ?? makeKeyPair(options.key ?? 'p256')
  const subject = distinguishedName(options.commonName, options.organisation)
  const serial = options.serial ?? BigInt(`0x01${randomBytes(15).toString('hex')}`)
  const notBefore = options.notBefore ?? new Date(nowMs - HOUR_MS)
  const notAfter = options.notAfter ?? new Date(nowMs + lifeMs)
  const extensions = extensionsOf(options, keyPair, issuer?.keyPair)
  const body = (algorithm: Uint8Array): Uint8Array =>
    sequence(
      explicit(0, integer(2)),
      integer(serial),
      algorithm,
      issuer?.subject ?? subject,
      sequence(time(notBefore), time(notAfter)),
      subject,
      keyPair.publicKey.export({ type: 'spki', format: 'der' }),
      ...(extensions.length === 0 ? [] : [tlv(0xa3, sequence(...extensions))]),
    )
  const signingKey = issuer?.keyPair.privateKey ?? keyPair.privateKey
  const der = signedStructure(body, signingKey, options.digest ?? 'sha256', options.scheme ?? 'pkcs1')
  return describe(der, keyPair, serial, issuer?.presented ?? [])
}

function describe(der: Uint8Array, keyPair: KeyPair, serial: bigint, above: readonly Uint8Array[]): Issued {
  const certPem = toPem('CERTIFICATE', der)
  return {
    der,
    certPem,
    keyPem: keyPair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    chainPem: [certPem, ...above.map((each) => toPem('CERTIFICATE', each))].join(''),
    chainDer: [der, ...above],
    serial,
    fingerprint: createHash('sha256').update(der).digest('hex'),
    keyPair,
  }
}
