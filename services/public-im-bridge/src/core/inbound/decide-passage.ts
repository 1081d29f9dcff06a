import type { Decision } from '@gatehouse/im-model'
import { type DecisionState, decide, type Snapshot, type SrvEvidence, type UserFacts } from '@gatehouse/policy-engine'
import type { Passage } from './passage.ts'

/** Who is asked what a decision is missing. */
export interface EvidenceLookup {
  lookupSrv(domain: string): Promise<SrvEvidence>
  lookupFacts(user: string): Promise<UserFacts>
}

/** The identify and decide stages: asks for what the rules need until they are content. Never rejects as long as the look-ups do not. */
export async function decidePassage(passage: Passage, snapshot: Snapshot, state: DecisionState, lookup: EvidenceLookup): Promise<Decision> {
  for (;;) {
    const answer = decide(snapshot, passage, state)
    if (!('need' in answer)) return answer
    // kept with the passage, so that nothing is asked for twice
    if (answer.need === 'srv') passage.keepSrv(answer.domain, await lookup.lookupSrv(answer.domain))
    else passage.keepFacts(answer.user, await lookup.lookupFacts(answer.user))
  }
}
