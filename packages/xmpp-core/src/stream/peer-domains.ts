import type { DomainEvidence } from './stream-types.ts'

/** Domains that one stream may have: a hosting server speaks for many, an attacker for as many as it can make up. */
const MAX_DOMAINS = 1_000

/** For which domains a peer may speak, and to which of ours (RFC 6120 §4.9.3.7, XEP-0220 §2.3). */
export class PeerDomains {
  readonly #proved = new Map<string, DomainEvidence>()

  get isEmpty(): boolean {
    return this.#proved.size === 0
  }

  /** `local` `*`: a certificate proves who the peer is, whomever it talks to; dialback proves a pair. False: there are too many. */
  add(remote: string, local: string, by: DomainEvidence): boolean {
    const key = pairOf(remote, local)
    // What was proved better is not forgotten for something weaker.
    if (this.#proved.get(key) === 'certificate') return true
    if (!this.#proved.has(key) && this.#proved.size >= MAX_DOMAINS) return false
    this.#proved.set(key, by)
    return true
  }

  evidenceFor(remote: string, local: string): DomainEvidence | undefined {
    return this.#proved.get(pairOf(remote, '*')) ?? this.#proved.get(pairOf(remote, local))
  }
}

function pairOf(remote: string, local: string): string {
  return `${remote} ${local}`
}
