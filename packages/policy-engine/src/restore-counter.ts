import { userKey } from './address-key.ts'
import type { DecisionInput } from './input.ts'
import type { DecisionState } from './state/decision-state.ts'

/**
 * Puts the counter that a recorded refusal was about to where it must have been: used up. Of a message that passed no counter
 * mattered, and nothing is done. `code` and `partner` are those of the recorded decision.
 */
export function restoreCounter(state: DecisionState, code: string, partner: string, input: DecisionInput): void {
  const { nowMs } = input
  const { fingerprint } = input.peer
  switch (code) {
    case 'GH-POLICY-RATE-DISCOVERED':
      return state.discoveredBuckets.drain(fingerprint, nowMs)
    case 'GH-POLICY-RATE-SUSPICIOUS':
      state.watchList.restore(fingerprint, 'suspicious', nowMs)
      return state.discoveredBuckets.drain(fingerprint, nowMs)
    case 'GH-POLICY-ADDRESSEES':
      return state.watchList.restore(fingerprint, 'over-limit', nowMs)
    case 'GH-POLICY-RATE-PEER':
      return state.peerBuckets.drain(partner, nowMs)
    case 'GH-POLICY-RATE-USER':
      return state.userBuckets.drain(userKey(input.fromUser, input.fromDomain), nowMs)
    default:
  }
}
