import type { DoctorGate, DoctorPlan, PolicyLook, PolicyLooks } from '@gatehouse/doctor'
import type { Decision, PeerIdentity } from '@gatehouse/im-model'
import {
  type DecisionInput,
  DecisionState,
  explain,
  homeSystemOf,
  relationOf,
  type Snapshot,
  type SrvEvidence,
  type UserFacts,
  unknownUser,
} from '@gatehouse/policy-engine'

export interface DoctorPolicyDeps {
  readonly snapshot: () => Snapshot | undefined
  readonly lookupFacts: (user: string, onDone: (facts: UserFacts) => void) => void
  readonly nowMs: () => number
}

/** A message needs the record of one domain and the facts of one user; more questions are a fault of ours. */
const MAX_QUESTIONS = 4

/** The gate's own people: what a message of theirs is judged by is its sender, not the home server's certificate. */
const HOME_SERVER: PeerIdentity = {
  isAuthenticated: true,
  refusal: undefined,
  names: { dns: [], sipDomains: [], commonName: undefined },
  anchors: [],
  mayBeTlsClient: true,
  fingerprint: '',
  spkiPin: '',
  issuer: '',
  serial: '',
  notAfterMs: Number.MAX_SAFE_INTEGER,
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
export function policyOf(deps: DoctorPolicyDeps): NonNullable<DoctorGate['policy']> {
  return async ({ from, to, peer, srv }) => {
    const snapshot = deps.snapshot()
    if (snapshot === undefined) return undefined
    const judge = async (input: Omit<DecisionInput, 'nowMs' | 'srv' | 'facts'>): Promise<PolicyLook> =>
      lookOf(await answered(snapshot, input, srv, deps))
    const home = homeSystemOf(snapshot, domainOf(from))
    const bridge = home === 'sip' ? undefined : ({ protocol: home, evidence: 'V3' } as const)
    const outbound = await judge({ ...messageOf(from, to), side: 'internal', peer: HOME_SERVER, bridge })
    const inbound = peer === undefined ? undefined : await judge({ ...messageOf(to, from), side: 'external', peer })
    return { outbound, inbound } satisfies PolicyLooks
  }
}

function messageOf(
  from: string,
  to: string,
): Pick<
  DecisionInput,
  'kind' | 'method' | 'fromUser' | 'fromDomain' | 'toUser' | 'toDomain' | 'assertedDomains' | 'bound' | 'assertedMark' | 'isInDialog'
> {
  return {
    kind: 'message',
    method: 'MESSAGE',
    fromUser: userOf(from),
    fromDomain: domainOf(from),
    toUser: userOf(to),
    toDomain: domainOf(to),
    assertedDomains: [],
    bound: undefined,
    assertedMark: undefined,
    isInDialog: false,
  }
}

async function answered(
  snapshot: Snapshot,
  input: Omit<DecisionInput, 'nowMs' | 'srv' | 'facts'>,
  srv: SrvEvidence,
  deps: DoctorPolicyDeps,
): Promise<Decision> {
  const known = new Map<string, UserFacts>()
  for (let asked = 0; ; asked++) {
    const whole: DecisionInput = { ...input, nowMs: deps.nowMs(), srv: () => srv, facts: (user) => known.get(user) }
    const answer = explain(snapshot, whole, new DecisionState())
    if (!('need' in answer)) return answer
    if (answer.need === 'facts') known.set(answer.user, await factsWithin(answer.user, asked, deps))
  }
}

function factsWithin(user: string, asked: number, deps: DoctorPolicyDeps): Promise<UserFacts> {
  if (asked >= MAX_QUESTIONS) return Promise.resolve(unknownUser('asked too often'))
  return new Promise((resolve) => deps.lookupFacts(user, resolve))
}

function lookOf({ verdict, code, reason, partner, peerClass, revision }: Decision): PolicyLook {
  return { isAllowed: verdict === 'allow', code, reason, partner, peerClass, revision }
}

function userOf(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf('@')))
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}
