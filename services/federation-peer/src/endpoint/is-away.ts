import type { Decision, DeliveryOutcome } from '@gatehouse/im-model'

/** Statuses by which the services behind us say that the way to the other side is not there, not that a person is not. */
const NO_WAY: ReadonlySet<number> = new Set([503, 504])

/** No service answers for the destination, or the one that does says: it certainly has nothing of it, and will be back. */
export function isAway({ status, isCertain, retry, sipStatus, code }: DeliveryOutcome): boolean {
  return status === 'failed' && isCertain && retry !== 'never' && NO_WAY.has(sipStatus) && code !== 'GH-BRIDGE-BUSY'
}

/**
 * What of it is for the edge to keep. What our users send, the bridge keeps itself while one is there, and what it does not keep it has a reason
 * for; what partners send to home systems is kept here, where their certificate is known, without which nothing could be decided again.
 */
export function isForUsToKeep(outcome: DeliveryOutcome, { direction }: Pick<Decision, 'direction'>): boolean {
  return isAway(outcome) && (direction === 'inbound' || outcome.code === 'GH-DELIVERY-NOBODY')
}
