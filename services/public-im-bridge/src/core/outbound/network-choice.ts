import type { Destination } from '@gatehouse/im-model'
import type { NetworkHost } from '../host/network-host.ts'

/** How well a connector's domains cover one: exactly, by `*.parent`, by `*`; 0: not at all. */
export function coverage(domains: readonly string[], domain: string): number {
  let best = 0
  for (const listed of domains) {
    if (listed === domain) return Number.MAX_SAFE_INTEGER
    if (listed === '*') best = Math.max(best, 1)
    else if (listed.startsWith('*.') && domain.endsWith(listed.slice(1))) best = Math.max(best, listed.length)
  }
  return best
}

/**
 * The network that a destination lies on: of those of its protocol the one whose domains cover it best. Home systems lie on the first network
 * of their protocol, whatever domains it has for its strangers.
 */
export function chooseNetwork(hosts: Iterable<NetworkHost>, destination: Destination, port: string): NetworkHost | undefined {
  let chosen: NetworkHost | undefined
  let best = 0
  for (const host of hosts) {
    if (host.protocol !== port) continue
    if (destination.to === 'inside') return host
    const covers = coverage(host.domains, destination.domain)
    if (covers <= best) continue
    best = covers
    chosen = host
  }
  return chosen
}
