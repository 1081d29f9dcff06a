import { type Certificate, parseCertificate } from './certificate.ts'
import type { Refusal } from './errors.ts'

/** A named set of roots, DER; a private authority per partner is a store of its own. */
export interface TrustStore {
  readonly name: string
  readonly roots: readonly Uint8Array[]
}

/** A root with the stores that hold it. */
export interface Anchor {
  readonly certificate: Certificate
  readonly stores: readonly string[]
}

/** The roots of all stores by subject name. */
export class AnchorIndex {
  readonly #bySubject = new Map<string, Anchor[]>()
  readonly #fingerprints = new Set<string>()
  readonly #organisations = new Set<string>()
  /** Roots that could not be read. */
  readonly problems: readonly Refusal[]

  constructor(stores: readonly TrustStore[]) {
    const found = new Map<string, { certificate: Certificate; stores: Set<string> }>()
    const problems: Refusal[] = []
    for (const store of stores) {
      for (const [index, der] of store.roots.entries()) {
        const result = parseCertificate(der)
        if ('refusal' in result) {
          problems.push({ code: 'GH-IDENTITY-STORE', detail: `Trust store ${store.name}, root ${index + 1}: ${result.refusal.detail}` })
          continue
        }
        const { certificate } = result
        const entry = found.get(certificate.fingerprint) ?? { certificate, stores: new Set<string>() }
        entry.stores.add(store.name)
        found.set(certificate.fingerprint, entry)
      }
    }
    for (const { certificate, stores: names } of found.values()) {
      const list = this.#bySubject.get(certificate.subject.key) ?? []
      list.push({ certificate, stores: [...names] })
      this.#bySubject.set(certificate.subject.key, list)
      this.#fingerprints.add(certificate.fingerprint)
      if (certificate.subject.organisation !== undefined) this.#organisations.add(certificate.subject.organisation)
    }
    this.problems = problems
  }

  /** Roots of that subject name. */
  named(subjectKey: string): readonly Anchor[] {
    return this.#bySubject.get(subjectKey) ?? []
  }

  has(fingerprint: string): boolean {
    return this.#fingerprints.has(fingerprint)
  }

  /** True when a root belongs to that organisation: a hint for wording a refusal, never for trust. */
  hasOrganisation(organisation: string | undefined): boolean {
    return organisation !== undefined && this.#organisations.has(organisation)
  }
}
