import type { Certificate } from './certificate.ts'
import type { Refusal } from './errors.ts'
import type { Anchor, AnchorIndex } from './trust-store.ts'

/** Paths looked at for one chain; honest chains have one or two (a cross-certificate, two stores). */
const MAX_PATHS = 16
/** Steps of the search; cross-signed certificates cannot make it grow beyond this. */
const MAX_STEPS = 512

/** The certificates from the leaf up to, without, the anchor. */
export interface CertificatePath {
  readonly certificates: readonly Certificate[]
  readonly anchor: Anchor
}

export interface BuildResult {
  readonly paths: readonly CertificatePath[]
  /** Why there is none, when there is none. */
  readonly refusal: Refusal | undefined
}

/** Finds paths from a leaf to anchors through presented certificates only; every step has a matching name and a good signature. */
export class PathBuilder {
  readonly #anchors: AnchorIndex
  readonly #bySubject = new Map<string, Certificate[]>()
  readonly #maxLength: number
  readonly #signatures = new Map<string, boolean>()
  readonly #paths: CertificatePath[] = []
  #steps = 0
  #wasTooLong = false
  /** Fingerprints of certificates that a namesake of their issuer did not sign. */
  readonly #unsigned = new Set<string>()
  /** Where the search ended without finding an issuer, the longest way first. */
  #end: { certificate: Certificate; length: number } | undefined

  constructor(presented: readonly Certificate[], anchors: AnchorIndex, maxLength: number) {
    this.#anchors = anchors
    this.#maxLength = maxLength
    // Sorted, so that the order in which the peer sends its intermediates changes nothing.
    const sorted = [...presented].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))
    for (const certificate of sorted) {
      if (anchors.has(certificate.fingerprint)) continue
      const list = this.#bySubject.get(certificate.subject.key) ?? []
      if (list.some((each) => each.fingerprint === certificate.fingerprint)) continue
      list.push(certificate)
      this.#bySubject.set(certificate.subject.key, list)
    }
  }

  /** Shortest paths first. */
  build(leaf: Certificate): BuildResult {
    this.#climb([leaf])
    const paths = [...this.#paths].sort((a, b) => a.certificates.length - b.certificates.length)
    return { paths, refusal: paths.length === 0 ? this.#refusal(leaf) : undefined }
  }

  #climb(path: readonly Certificate[]): void {
    this.#steps += 1
    if (this.#steps > MAX_STEPS || this.#paths.length >= MAX_PATHS) return
    const top = path[path.length - 1] as Certificate
    let hasIssuer = false
    for (const anchor of this.#anchors.named(top.issuer.key)) {
      if (!this.#isSigned(top, anchor.certificate)) continue
      hasIssuer = true
      if (this.#paths.length < MAX_PATHS) this.#paths.push({ certificates: path, anchor })
    }
    for (const issuer of this.#bySubject.get(top.issuer.key) ?? []) {
      // RFC 5280 §6.1: no certificate twice; the same name and key twice leads nowhere new either.
      if (path.some((each) => each.subject.key === issuer.subject.key && each.spkiPin === issuer.spkiPin)) continue
      if (!this.#isSigned(top, issuer)) continue
      hasIssuer = true
      if (path.length >= this.#maxLength) this.#wasTooLong = true
      else this.#climb([...path, issuer])
    }
    if (!hasIssuer && (this.#end === undefined || this.#end.length < path.length)) {
      this.#end = { certificate: top, length: path.length }
    }
  }

  #isSigned(certificate: Certificate, issuer: Certificate): boolean {
    const key = `${certificate.fingerprint}/${issuer.fingerprint}`
    let isSigned = this.#signatures.get(key)
    if (isSigned === undefined) {
      isSigned = verifies(certificate, issuer)
      this.#signatures.set(key, isSigned)
    }
    if (!isSigned) this.#unsigned.add(certificate.fingerprint)
    return isSigned
  }

  #refusal(leaf: Certificate): Refusal {
    if (this.#wasTooLong) {
      return { code: 'GH-IDENTITY-CHAIN-TOO-LONG', detail: `More than ${this.#maxLength} certificates from the leaf to a root.` }
    }
    const end = this.#end?.certificate ?? leaf
    const issuer = end.issuer.text
    if (end.issuer.key === end.subject.key) {
      const what = end === leaf ? 'The certificate is self-signed' : 'The chain ends in a root'
      return { code: 'GH-IDENTITY-UNTRUSTED', detail: `${what} (${issuer}) that no trust store holds.` }
    }
    if (this.#unsigned.has(end.fingerprint)) {
      return { code: 'GH-IDENTITY-UNTRUSTED', detail: `An issuer named ${issuer} is known, but its key did not sign the certificate.` }
    }
    if (this.#looksIncomplete(end)) {
      return {
        code: 'GH-IDENTITY-INTERMEDIATE-MISSING',
        detail: `The issuer ${issuer} of ${end.subject.text || 'the certificate'} was not presented.`,
      }
    }
    return { code: 'GH-IDENTITY-UNTRUSTED', detail: `The issuer ${issuer} was neither presented nor is it a root of a trust store.` }
  }

  /**
   * An absent issuer may be an unknown root or an intermediate that was not sent; the bytes do not tell. Two signs of the latter: the
   * certificate says where its issuer can be fetched (RFC 5280 §4.2.2.1), or its issuer is of the organisation of a trusted root.
   */
  #looksIncomplete(end: Certificate): boolean {
    return end.extensions.hasCaIssuers || this.#anchors.hasOrganisation(end.issuer.organisation)
  }
}

function verifies(certificate: Certificate, issuer: Certificate): boolean {
  try {
    return certificate.x509.verify(issuer.publicKey)
  } catch {
    return false
  }
}
