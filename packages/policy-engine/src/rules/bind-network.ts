import type { EvidenceClass } from '@gatehouse/im-model'
import { findNetwork } from '../domain-lookup.ts'
import type { PolicyCode } from '../errors.ts'
import type { BridgeEvidence } from '../input.ts'
import type { RuleContext } from '../rule-context.ts'

const STRENGTH: Readonly<Record<EvidenceClass, number>> = { V0: 0, V1: 1, V2: 2, V3: 3 }

/** Ties `domain` to a network of the connector's protocol. A connector speaks for no other protocol's networks and for no SIP partner. */
export function bindNetwork(context: RuleContext, bridge: BridgeEvidence, domain: string): PolicyCode | undefined {
  const { snapshot, input } = context
  context.peerClass = 'bridge'
  const relation = findNetwork(snapshot, domain, input.nowMs)
  if (relation?.network === undefined || relation.network.protocol !== bridge.protocol) {
    const whose = relation === undefined ? 'no network has it' : `it belongs to ${relation.source}`
    return context.deny('GH-POLICY-SOURCE-NETWORK', `${domain} came over ${bridge.protocol}; ${whose}.`, relation?.source)
  }
  context.relation = relation
  context.partner = relation.name
  if (!relation.isEnabled) return context.deny('GH-POLICY-NETWORK-DISABLED', `Sender domain ${domain}.`, relation.source)
  const { minEvidence } = relation.network
  if (!isAtLeast(bridge.evidence, minEvidence)) {
    return context.deny('GH-POLICY-EVIDENCE', `${domain}: ${bridge.evidence}, at least ${minEvidence} is asked for.`, relation.source)
  }
  return undefined
}

export function isAtLeast(evidence: EvidenceClass, least: EvidenceClass): boolean {
  return STRENGTH[evidence] >= STRENGTH[least]
}
