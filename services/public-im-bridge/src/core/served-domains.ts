import type { ConnectorDomains } from '@gatehouse/bridge-kit'
import { findNetwork, homeSystemOf, isInternalDomain, type Snapshot } from '@gatehouse/policy-engine'

/** What the policy in force says of domains to a connector of one protocol; without a policy nothing is ours and nothing can be reached. */
export function domainsFor(protocol: string, current: () => Snapshot | undefined, nowMs: () => number): ConnectorDomains {
  return {
    isServed: (domain) => {
      const snapshot = current()
      return snapshot !== undefined && isInternalDomain(snapshot, domain)
    },
    served: () => {
      const snapshot = current()
      return snapshot === undefined
        ? []
        : [...snapshot.internal.keys()].map((domain) => ({ domain, homeSystem: homeSystemOf(snapshot, domain) }))
    },
    isReachable: (domain) => {
      const snapshot = current()
      if (snapshot === undefined) return false
      if (isInternalDomain(snapshot, domain)) return homeSystemOf(snapshot, domain) === protocol
      const network = findNetwork(snapshot, domain, nowMs())
      return network?.network?.protocol === protocol && network.isEnabled && snapshot.settings.isEnabled
    },
  }
}
