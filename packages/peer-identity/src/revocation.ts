import type { Certificate } from './certificate.ts'
import { type Crl, isSignedBy, parseCrl } from './crl.ts'
import type { Refusal } from './errors.ts'

/**
 * `require`: every certificate of a path below the anchor needs a usable list of its issuer.
 * `whenPresent`: lists are heeded where there are some; a missing or stale list does not refuse.
 */
export type RevocationMode = 'require' | 'whenPresent'

/** The answer for one certificate. */
export type RevocationAnswer =
  | { readonly is: 'good'; readonly untilMs: number }
  | { readonly is: 'revoked'; readonly detail: string }
  | { readonly is: 'unknown'; readonly detail: string }

/** How a configured list stands, for status pages. */
export interface CrlState {
  readonly issuer: string
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number | undefined
  readonly entries: number
  readonly isCurrent: boolean
}

/** All configured revocation lists. */
export class CrlSet {
  readonly #byIssuer = new Map<string, Crl[]>()
  /** Lists that could not be read. */
  readonly problems: readonly Refusal[]
  /** `list fingerprint/issuer key` → signature is good; bounded by lists × authorities in use, dropped with the set. */
  readonly #verified = new Map<string, boolean>()

  constructor(files: readonly Uint8Array[]) {
    const problems: Refusal[] = []
    for (const [index, der] of files.entries()) {
      const result = parseCrl(der)
      if ('problem' in result) {
        problems.push({ code: 'GH-IDENTITY-STORE', detail: `Revocation list ${index + 1}: ${result.problem}.` })
        continue
      }
      const list = this.#byIssuer.get(result.crl.issuer.key) ?? []
      list.push(result.crl)
      // Newest first: it alone is asked.
      list.sort((a, b) => b.thisUpdateMs - a.thisUpdateMs)
      this.#byIssuer.set(result.crl.issuer.key, list)
    }
    this.problems = problems
  }

  /** Whether `issuer` has revoked `certificate`. RFC 5280 §6.3.3 for full lists. */
  answer(certificate: Certificate, issuer: Certificate, nowMs: number): RevocationAnswer {
    const lists = this.#byIssuer.get(certificate.issuer.key) ?? []
    const crl = lists.find((each) => this.#isSigned(each, issuer))
    const who = certificate.issuer.text
    if (crl === undefined) {
      const why = lists.length === 0 ? `There is no revocation list of ${who}.` : `No revocation list of ${who} is signed by its key.`
      return { is: 'unknown', detail: why }
    }
    // A revocation stays one when the list that tells of it grows old.
    if (crl.revoked.has(certificate.serial)) return { is: 'revoked', detail: `${who} revoked serial ${certificate.serial}.` }
    if (crl.thisUpdateMs > nowMs) return { is: 'unknown', detail: `The revocation list of ${who} is from the future.` }
    if (crl.nextUpdateMs === undefined) return { is: 'unknown', detail: `The revocation list of ${who} has no nextUpdate.` }
    if (crl.nextUpdateMs < nowMs) return { is: 'unknown', detail: `The revocation list of ${who} is out of date.` }
    return { is: 'good', untilMs: crl.nextUpdateMs }
  }

  states(nowMs: number): CrlState[] {
    return [...this.#byIssuer.values()].flat().map((crl) => ({
      issuer: crl.issuer.text,
      thisUpdateMs: crl.thisUpdateMs,
      nextUpdateMs: crl.nextUpdateMs,
      entries: crl.revoked.size,
      isCurrent: crl.thisUpdateMs <= nowMs && crl.nextUpdateMs !== undefined && crl.nextUpdateMs >= nowMs,
    }))
  }

  #isSigned(crl: Crl, issuer: Certificate): boolean {
    const key = `${crl.fingerprint}/${issuer.fingerprint}`
    let isSigned = this.#verified.get(key)
    if (isSigned === undefined) {
      isSigned = isSignedBy(crl, issuer)
      this.#verified.set(key, isSigned)
    }
    return isSigned
  }
}
