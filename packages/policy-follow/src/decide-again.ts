import type { Decision } from '@gatehouse/im-model'
import { type DecisionInput, type DecisionState, explain, type Snapshot, type SrvEvidence, type UserFacts } from '@gatehouse/policy-engine'

/** An input that keeps what had to be looked up for it. */
export interface JudgedInput extends DecisionInput {
  keepEvidence(domain: string, evidence: SrvEvidence): void
  keepFacts(user: string, facts: UserFacts): void
}

export interface DecideAgainDeps {
  /** Undefined: none in force. */
  readonly snapshot: (nowMs: number) => Snapshot | undefined
  readonly decisions: DecisionState
  readonly lookupSrv: (domain: string, onDone: (evidence: SrvEvidence) => void) => void
  readonly lookupFacts: ((user: string, onDone: (facts: UserFacts) => void) => void) | undefined
  readonly nowMs: () => number
}

/** One domain and two users are all that a decision asks for; more would be a circle. */
const MAX_LOOKUPS = 8

/**
 * What today's policy says of a message that waited. No counter moves: it counted when it was accepted, and its sender must not pay
 * twice. Undefined: there is no policy to go by, or it does not come to an end.
 */
export async function decideAgain(input: JudgedInput, deps: DecideAgainDeps): Promise<Decision | undefined> {
  for (let lookups = 0; lookups < MAX_LOOKUPS; lookups++) {
    const snapshot = deps.snapshot(deps.nowMs())
    if (snapshot === undefined) return undefined
    const answer = explain(snapshot, input, deps.decisions)
    if (!('need' in answer)) return answer
    if (answer.need === 'srv') {
      const { domain } = answer
      input.keepEvidence(domain, await new Promise((resolve) => deps.lookupSrv(domain, resolve)))
    } else {
      const { user } = answer
      const { lookupFacts } = deps
      if (lookupFacts === undefined) return undefined
      input.keepFacts(user, await new Promise((resolve) => lookupFacts(user, resolve)))
    }
  }
  return undefined
}
