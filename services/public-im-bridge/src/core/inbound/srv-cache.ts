import type { ConnectorDns } from '@gatehouse/bridge-kit'
import type { SrvEvidence } from '@gatehouse/policy-engine'
import { RecentMap } from '../recent-map.ts'

const MOST = 10_000
/** node:dns gives no lifetime of SRV records; federation records rarely change, and what failed is asked for again soon. */
const KEPT_MS = 60_000
const FAILED_KEPT_MS = 5_000

/** What DNS says of SIP federation records, for home systems whose users write to SIP domains. */
export class SrvCache {
  readonly #dns: ConnectorDns
  readonly #nowMs: () => number
  readonly #found = new RecentMap<SrvEvidence>({ most: MOST, lifetimeMs: KEPT_MS })
  readonly #failed = new RecentMap<SrvEvidence>({ most: MOST, lifetimeMs: FAILED_KEPT_MS })
  readonly #underWay = new Map<string, Promise<SrvEvidence>>()

  constructor(dns: ConnectorDns, nowMs: () => number) {
    this.#dns = dns
    this.#nowMs = nowMs
  }

  known(domain: string): SrvEvidence | undefined {
    const nowMs = this.#nowMs()
    return this.#found.get(domain, nowMs) ?? this.#failed.get(domain, nowMs)
  }

  /** One question for all who ask at the same time. */
  lookup(domain: string): Promise<SrvEvidence> {
    let asked = this.#underWay.get(domain)
    if (asked === undefined) {
      asked = this.#ask(domain).finally(() => this.#underWay.delete(domain))
      this.#underWay.set(domain, asked)
    }
    return asked
  }

  async #ask(domain: string): Promise<SrvEvidence> {
    const evidence = await this.#dns.srv(`_sipfederationtls._tcp.${domain}`)
    const kept = evidence.status === 'failed' ? this.#failed : this.#found
    kept.set(domain, evidence, this.#nowMs())
    return evidence
  }
}
