import type { Snapshot } from '@gatehouse/policy-engine'
import type { EdgeConnection } from '../edge/connection.ts'
import type { LinkState } from '../edge/link-pool.ts'
import type { Gauges } from '../metrics.ts'
import { stateOf } from '../session/connection-state.ts'

export interface PartnerGaugesDeps {
  readonly connections: () => Iterable<EdgeConnection>
  readonly links: () => Iterable<LinkState>
  readonly snapshot: () => Snapshot | undefined
  readonly nowMs: () => number
}

/** Partners by name as labels: only names that policy gives, for a stranger must not be able to make series. */
export function partnerGauges(deps: PartnerGaugesDeps): Pick<Gauges, 'partnerLinks' | 'partnerCertificates'> {
  return {
    partnerLinks: () => {
      const named = namesOf(deps.snapshot())
      return [...deps.links()].flatMap(({ side, name, state, links }) => {
        const partner = side === 'external' && state !== 'idle' ? named.get(name) : undefined
        return partner === undefined ? [] : [{ partner, isUp: links.length > 0 }]
      })
    },
    partnerCertificates: () => {
      const soonest = new Map<string, number>()
      for (const connection of deps.connections()) {
        const { bound } = stateOf(connection)
        if (connection.side !== 'external' || bound === undefined || bound.peerClass === 'discovered') continue
        const before = soonest.get(bound.partner) ?? Number.POSITIVE_INFINITY
        soonest.set(bound.partner, Math.min(before, connection.peer.notAfterMs))
      }
      return [...soonest].map(([partner, notAfterMs]) => ({ partner, secondsToExpiry: (notAfterMs - deps.nowMs()) / 1000 }))
    },
  }
}

/** What links are called by (configured edge, or domain) → the partner as decisions call it. */
function namesOf(snapshot: Snapshot | undefined): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  if (snapshot === undefined) return names
  for (const relations of [snapshot.partners, snapshot.allowed, snapshot.providerDomains]) {
    for (const [domain, { edgeHost, name }] of relations) names.set(edgeHost ?? domain, edgeHost === undefined ? domain : name)
  }
  return names
}
