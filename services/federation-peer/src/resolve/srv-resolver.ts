import { normaliseDomain } from '@gatehouse/im-model'
import type { SrvEvidence, SrvTarget } from '@gatehouse/policy-engine'

import type { LinkResolver } from '../edge/connection.ts'
import type { Answer } from './answer-cache.ts'
import { AnswerCache } from './answer-cache.ts'
import type { AddressRecord, DnsClient } from './dns-client.ts'
import type { ResolveCode } from './resolve-codes.ts'

export interface SrvResolverOptions {
  readonly maxEntries: number
  readonly maxInFlight: number
  readonly maxWaiting: number
  readonly srvLifetimeMs: number
  readonly maxLifetimeMs: number
  readonly noneLifetimeMs: number
  readonly failedLifetimeMs: number
  readonly maxTargets: number
  readonly addressOrder: 'ipv4first' | 'ipv6first'
}

export const defaultSrvResolverOptions: SrvResolverOptions = Object.freeze({
  // LCS's successors keep 3000 records; discovered federation sees more domains.
  maxEntries: 10_000,
  // Unknown domains in From headers cause lookups: a flood of them must not become one of ours.
  maxInFlight: 256,
  maxWaiting: 10_000,
  // node:dns does not tell the TTL of SRV records; a minute is what domains that plan to move use.
  srvLifetimeMs: 60_000,
  maxLifetimeMs: 300_000,
  // A partner that has just published its record does not want to wait.
  noneLifetimeMs: 30_000,
  failedLifetimeMs: 5_000,
  // More targets than any edge pool has; the rest of a hostile answer is not looked at.
  maxTargets: 32,
  addressOrder: 'ipv4first',
})

/** Addresses of a host, or why there are none. */
interface AddressEvidence {
  readonly addresses: readonly string[]
  readonly failure: string
}

type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: ResolveCode; readonly text: string }

/** DNS for the edge: federation SRV records as evidence, and addresses to dial. A failure of DNS is told as one, never as an answer. */
export class SrvResolver implements LinkResolver {
  readonly #dns: DnsClient
  readonly #options: SrvResolverOptions
  readonly #srv: AnswerCache<SrvEvidence>
  readonly #addresses: AnswerCache<AddressEvidence>

  constructor(deps: { dns: DnsClient; nowMs: () => number; options?: Partial<SrvResolverOptions> }) {
    this.#dns = deps.dns
    this.#options = { ...defaultSrvResolverOptions, ...deps.options }
    const { maxEntries, maxInFlight, maxWaiting } = this.#options
    const bounds = { maxEntries, maxInFlight, maxWaiting, nowMs: deps.nowMs }
    this.#srv = new AnswerCache({
      ...bounds,
      ask: (domain) => this.#askSrv(domain),
      busy: (domain) => ({ status: 'failed', detail: detailOf('GH-RESOLVE-BUSY', domain) }),
    })
    this.#addresses = new AnswerCache({
      ...bounds,
      ask: (host) => this.#askAddresses(host),
      busy: (host) => ({ addresses: [], failure: detailOf('GH-RESOLVE-BUSY', host) }),
    })
  }

  /** What is known now about `_sipfederationtls._tcp.<domain>`; undefined: look it up first. */
  srv(domain: string): SrvEvidence | undefined {
    const name = normaliseDomain(domain)
    return name === undefined ? notAName(domain) : this.#srv.peek(name)
  }

  lookupSrv(domain: string, onDone: (evidence: SrvEvidence) => void): void {
    const name = normaliseDomain(domain)
    if (name === undefined) onDone(notAName(domain))
    else this.#srv.get(name, onDone)
  }

  addresses(host: string, onDone: (addresses: readonly string[], failure: string) => void): void {
    const name = normaliseDomain(host)
    if (name === undefined) onDone([], detailOf('GH-RESOLVE-NAME', host))
    else this.#addresses.get(name, (evidence) => onDone(evidence.addresses, evidence.failure))
  }

  /** Forgets all answers, for operators who know that DNS changed. */
  flush(): void {
    this.#srv.clear()
    this.#addresses.clear()
  }

  async #askSrv(domain: string): Promise<Answer<SrvEvidence>> {
    const name = `_sipfederationtls._tcp.${domain}`
    const answer = await settle(this.#dns.srv(name))
    const { srvLifetimeMs, maxLifetimeMs, noneLifetimeMs, failedLifetimeMs, maxTargets } = this.#options
    if (!answer.ok) {
      const detail = detailOf(answer.code, name, answer.text)
      if (answer.code === 'GH-RESOLVE-NONE') return { value: { status: 'none', detail }, lifetimeMs: noneLifetimeMs }
      return { value: { status: 'failed', detail }, lifetimeMs: failedLifetimeMs }
    }
    const targets: SrvTarget[] = []
    for (const { name: target, port, priority, weight } of answer.value.slice(0, maxTargets)) {
      // RFC 2782: a target of "." says that the service is decidedly not there; it is no host name either.
      const host = normaliseDomain(target)
      if (host !== undefined && port > 0 && port < 65_536) targets.push({ host, port, priority, weight })
    }
    if (targets.length === 0)
      return { value: { status: 'none', detail: detailOf('GH-RESOLVE-UNUSABLE', name) }, lifetimeMs: noneLifetimeMs }
    return { value: { status: 'found', targets }, lifetimeMs: Math.min(srvLifetimeMs, maxLifetimeMs) }
  }

  async #askAddresses(host: string): Promise<Answer<AddressEvidence>> {
    const [four, six] = await Promise.all([settle(this.#dns.ipv4(host)), settle(this.#dns.ipv6(host))])
    const [first, second] = this.#options.addressOrder === 'ipv4first' ? [four, six] : [six, four]
    const records = [...recordsOf(first), ...recordsOf(second)]
    const { maxLifetimeMs, noneLifetimeMs, failedLifetimeMs } = this.#options
    if (records.length > 0) {
      const ttlMs = Math.min(...records.map((record) => record.ttlS)) * 1000
      // A TTL of 0 still serves everybody who waits for this lookup.
      return { value: { addresses: records.map((record) => record.address), failure: '' }, lifetimeMs: Math.min(ttlMs, maxLifetimeMs) }
    }
    const failed = [four, six].find((answer) => !answer.ok && answer.code !== 'GH-RESOLVE-NONE')
    if (failed === undefined || failed.ok) {
      return { value: { addresses: [], failure: detailOf('GH-RESOLVE-NONE', host) }, lifetimeMs: noneLifetimeMs }
    }
    return { value: { addresses: [], failure: detailOf(failed.code, host, failed.text) }, lifetimeMs: failedLifetimeMs }
  }
}

function recordsOf(answer: Settled<readonly AddressRecord[]>): readonly AddressRecord[] {
  return answer.ok ? answer.value : []
}

function notAName(domain: string): SrvEvidence {
  return { status: 'none', detail: detailOf('GH-RESOLVE-NAME', domain.slice(0, 64)) }
}

function detailOf(code: ResolveCode, name: string, text = ''): string {
  return text === '' ? `${code} ${name}` : `${code} ${name}: ${text}`
}

async function settle<T>(answer: Promise<T>): Promise<Settled<T>> {
  try {
    return { ok: true, value: await answer }
  } catch (thrown) {
    const { code = '', message = '' } = thrown as { code?: string; message?: string }
    if (code === 'ENOTFOUND' || code === 'ENODATA') return { ok: false, code: 'GH-RESOLVE-NONE', text: '' }
    if (code === 'ETIMEOUT' || code === 'ECANCELLED') return { ok: false, code: 'GH-RESOLVE-TIMEOUT', text: code }
    return { ok: false, code: 'GH-RESOLVE-FAILED', text: code === '' ? message : code }
  }
}
