import type { DecisionState } from '@gatehouse/policy-engine'

/** For operators: nothing, or how a discovered partner is being held back. */
export function watchWord(decisions: DecisionState, fingerprint: string): string {
  const watched = decisions.watchList.list().find((peer) => peer.fingerprint === fingerprint)
  if (watched === undefined) return ''
  if (watched.isOverLimit) return 'blocked'
  return watched.isSuspicious ? 'limited' : 'watched'
}
