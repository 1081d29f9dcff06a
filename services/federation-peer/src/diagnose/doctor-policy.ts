import type { DoctorGate, DoctorPlan, PolicyLook } from '@gatehouse/doctor'
import type { Decision } from '@gatehouse/im-model'
import { DecisionState, homeSystemOf, relationOf, type Snapshot, type UserFacts } from '@gatehouse/policy-engine'
import { decideAgain } from '@gatehouse/policy-follow'
import { domainOf, type JudgedMessage, judgedMessage } from '../admit/judged-message.ts'

export interface DoctorPolicyDeps {
  readonly snapshot: () => Snapshot | undefined
  readonly lookupFacts: (user: string, onDone: (facts: UserFacts) => void) => void
  readonly nowMs: () => number
}

/** How the policy in force would reach the domain; without one, or where it says nothing: by SRV, any store. */
export function planOf(snapshot: Snapshot | undefined, domain: string, stores: readonly string[], nowMs: number): DoctorPlan {
  const relation = snapshot === undefined ? undefined : relationOf(snapshot, domain, nowMs)
  if (relation === undefined) return { domain, edge: undefined, source: '', trust: stores, pins: [] }
  const edge = relation.edgeHost === undefined ? undefined : { host: relation.edgeHost, port: relation.edgePort }
  const trust = relation.trust.length > 0 ? relation.trust : stores
  return { domain, edge, source: relation.source, trust, pins: relation.pins }
}

/** Judges a message to the partner and one from it with the rules of the gate; no counter moves. */
export function policyOf({ snapshot, lookupFacts, nowMs }: DoctorPolicyDeps): NonNullable<DoctorGate['policy']> {
  return async ({ from, to, peer, srv }) => {
    const judge = async (message: Omit<JudgedMessage, 'nowMs'>): Promise<PolicyLook | undefined> => {
      const decision = await decideAgain(judgedMessage({ ...message, nowMs: nowMs() }), {
        snapshot,
        decisions: new DecisionState(),
        // what this run has heard of DNS, so that both are about the same
        lookupSrv: (_, onDone) => onDone(srv),
        lookupFacts,
        nowMs,
      })
      return decision === undefined ? undefined : lookOf(decision)
    }
    const inForce = snapshot()
    if (inForce === undefined) return undefined
    const home = homeSystemOf(inForce, domainOf(from))
    const bridge = home === 'sip' ? undefined : ({ protocol: home, evidence: 'V3' } as const)
    const outbound = await judge({ from, to, side: 'internal', bridge })
    const inbound = peer === undefined ? undefined : await judge({ from: to, to: from, side: 'external', peer })
    return outbound === undefined ? undefined : { outbound, inbound }
  }
}

function lookOf({ verdict, code, reason, partner, peerClass, revision }: Decision): PolicyLook {
  return { isAllowed: verdict === 'allow', code, reason, partner, peerClass, revision }
}
