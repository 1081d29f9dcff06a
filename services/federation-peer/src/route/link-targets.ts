import type { Destination, InsideDestination, PeerDestination } from '@gatehouse/im-model'
import type { LinkTarget } from '../edge/connection.ts'

/** Where SIP itself goes. */
export type LinkDestination = InsideDestination | PeerDestination

/** False: it is for the endpoint, which hands it to the service that reaches it. */
export function isBySip(destination: Destination): destination is LinkDestination {
  return destination.to === 'peer' || (destination.to === 'inside' && destination.port !== 'xmpp')
}

const MAX_CACHED = 20_000

/** Turns a decision's destination into what the link pool dials. Equal destinations give the same object, so links are shared. */
export class LinkTargets {
  readonly #inside: LinkTarget
  readonly #externalStores: readonly string[]
  readonly #byDomain = new Map<string, { destination: LinkDestination; target: LinkTarget }>()

  /** `externalStores`: who may vouch for a partner that asks for no store of its own. */
  constructor(inside: LinkTarget, externalStores: readonly string[]) {
    this.#inside = inside
    this.#externalStores = externalStores
  }

  of(destination: LinkDestination): LinkTarget {
    if (destination.to === 'inside') return this.#inside
    const cached = this.#byDomain.get(destination.domain)
    if (cached !== undefined && isSame(cached.destination, destination)) return cached.target
    const target = partnerTarget(destination, destination.trust.length > 0 ? destination.trust : this.#externalStores)
    if (this.#byDomain.size >= MAX_CACHED) this.#byDomain.clear()
    this.#byDomain.set(destination.domain, { destination, target })
    return target
  }
}

function isSame(cached: LinkDestination, asked: LinkDestination): boolean {
  if (cached === asked) return true
  if (cached.to === 'inside' || asked.to === 'inside') return cached.to === asked.to
  return (
    cached.edgeHost === asked.edgeHost &&
    cached.edgePort === asked.edgePort &&
    cached.links === asked.links &&
    cached.trust.join() === asked.trust.join() &&
    cached.pins.join() === asked.pins.join()
  )
}

function partnerTarget(destination: PeerDestination, trust: readonly string[]): LinkTarget {
  const isConfigured = destination.edgeHost !== undefined
  return {
    // Several domains behind one configured edge share its links; the trust they ask for is part of what the link means.
    key: isConfigured
      ? `${destination.edgeHost}:${destination.edgePort}|${destination.trust.join(',')}|${destination.pins.join(',')}`
      : `srv:${destination.domain}|${destination.trust.join(',')}|${destination.pins.join(',')}`,
    side: 'external',
    edgeHost: destination.edgeHost,
    edgePort: destination.edgePort,
    srvDomain: isConfigured ? undefined : destination.domain,
    sameDomainRule: !isConfigured,
    links: destination.links,
    expect: {
      names: isConfigured ? [destination.edgeHost as string] : [],
      trust,
      pins: destination.pins,
    },
  }
}
