import { lookup, Resolver } from 'node:dns/promises'
import type { ConnectorDns, SecureDns, SrvAnswer } from '@gatehouse/bridge-kit'
import { normaliseDomain } from '@gatehouse/im-model'
import { ValidatingResolver } from './validating-resolver.ts'

export interface NodeDnsOptions {
  /** `address` or `address:port`; empty: those of the system. */
  readonly servers: readonly string[]
  readonly timeoutMs: number
  readonly tries: number
  /** A validating resolver on loopback, `address:port`. */
  readonly validating?: string | undefined
}

/** Answers that say for certain that there is nothing. */
const NOTHING: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA'])

/** DNS for connectors, over node:dns. */
export class NodeDns implements ConnectorDns {
  readonly secure: SecureDns | undefined
  readonly #resolver: Resolver
  readonly #isSystem: boolean
  readonly #random: () => number

  /** Throws when a server is not an address. */
  constructor(options: NodeDnsOptions, random: () => number) {
    this.#resolver = new Resolver({ timeout: options.timeoutMs, tries: options.tries })
    const { validating, timeoutMs, tries } = options
    this.secure = validating === undefined ? undefined : new ValidatingResolver({ server: validating, timeoutMs, tries, random })
    this.#isSystem = options.servers.length === 0
    this.#random = random
    if (!this.#isSystem) this.#resolver.setServers(options.servers)
  }

  async srv(name: string): Promise<SrvAnswer> {
    try {
      const records = await this.#resolver.resolveSrv(name)
      const targets = records.flatMap(({ name: host, port, priority, weight }) => {
        const normal = normaliseDomain(host)
        return normal === undefined ? [] : [{ host: normal, port, priority, weight }]
      })
      // RFC 2782: a single "." says that the service is decidedly not available
      if (targets.length === 0) return { status: 'none', detail: `${name} says that there is no such service` }
      return { status: 'found', targets: inOrder(targets, this.#random) }
    } catch (thrown) {
      const code = (thrown as { code?: string }).code ?? 'EUNKNOWN'
      return { status: NOTHING.has(code) ? 'none' : 'failed', detail: `${name}: ${code}` }
    }
  }

  /** IPv4 first: it is what works everywhere. Rejects when there are none. */
  async addresses(host: string): Promise<readonly string[]> {
    if (this.#isSystem) return (await lookup(host, { all: true, order: 'ipv4first' })).map(({ address }) => address)
    if (/^[\d.]+$|:/.test(host)) return [host]
    const [four, six] = await Promise.allSettled([this.#resolver.resolve4(host), this.#resolver.resolve6(host)])
    const found = [...(four.status === 'fulfilled' ? four.value : []), ...(six.status === 'fulfilled' ? six.value : [])]
    if (found.length === 0) throw four.status === 'rejected' ? four.reason : new Error('no address')
    return found
  }
}

/** RFC 2782: by priority; within one, by chance according to weight. */
function inOrder<T extends { readonly priority: number; readonly weight: number }>(targets: readonly T[], random: () => number): T[] {
  return targets
    .map((target) => ({ target, draw: -Math.log(1 - random()) / (target.weight + 0.01) }))
    .sort((left, right) => left.target.priority - right.target.priority || left.draw - right.draw)
    .map(({ target }) => target)
}
