import type { Decision } from '@gatehouse/im-model'
import type { DecisionState } from './state/decision-state.ts'

/**
 * Answers that tell nothing about the sender's honesty: the recipient is away, busy or declines, credentials are asked for,
 * the caller gave up, time ran out (RFC 3261 §21). What is left of 3xx to 6xx speaks of addresses that do not exist or do not want it.
 */
const NEUTRAL: ReadonlySet<number> = new Set([401, 407, 408, 480, 486, 487, 600, 603])

/**
 * Call with the final status of every request of a discovered peer that `decide` allowed, so that mostly failing peers are slowed
 * down. `fingerprint` is that of the peer's certificate. Server errors are ours and do not count.
 */
export function noteResponse(state: DecisionState, decision: Decision, fingerprint: string, status: number, nowMs: number): void {
  if (decision.peerClass !== 'discovered' || decision.direction !== 'inbound' || decision.verdict !== 'allow') return
  if (status < 200 || (status >= 500 && status < 600) || NEUTRAL.has(status)) return
  state.watchList.noteOutcome(fingerprint, status < 300, nowMs)
}
