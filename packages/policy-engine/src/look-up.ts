import type { EdgeSide } from '@gatehouse/im-model'
import { findAllowed, findListedNetwork, isInternalDomain } from './domain-lookup.ts'
import type { Relation, Snapshot } from './snapshot.ts'

/** Where a message from `domain` would come in. */
export function sideOf(snapshot: Snapshot, domain: string): EdgeSide {
  return isInternalDomain(snapshot, domain) ? 'internal' : 'external'
}

/** Our relation to an outside domain by the tables alone, without looking at any certificate; for questions and displays. */
export function relationOf(snapshot: Snapshot, domain: string, nowMs: number): Relation | undefined {
  return (
    snapshot.partners.get(domain) ??
    snapshot.providerDomains.get(domain) ??
    findListedNetwork(snapshot, domain) ??
    findAllowed(snapshot, domain, nowMs) ??
    snapshot.defaultRoute ??
    snapshot.discovered ??
    snapshot.networks?.open
  )
}
