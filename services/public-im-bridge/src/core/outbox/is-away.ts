import type { DeliveryOutcome } from '@gatehouse/im-model'

/** Statuses by which connectors and the SIP side say that the way to the other side is not there, not that a person is not. */
const NO_WAY: ReadonlySet<number> = new Set([503, 504])

/** The destination certainly has nothing of it and will be back: what waiting is good for. A conversation that is too fast is not away. */
export function isAway({ status, isCertain, retry, sipStatus, code }: DeliveryOutcome): boolean {
  return status === 'failed' && isCertain && retry !== 'never' && NO_WAY.has(sipStatus) && code !== 'GH-BRIDGE-BUSY'
}
