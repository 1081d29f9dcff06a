import { deliveredOutcome, failedOutcome, sentOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import { type PeerCode, peerCodes } from '../errors.ts'

/** One meaning of SIP statuses outside SIP. */
interface Meaning {
  readonly code: PeerCode
  /** False: the message may have arrived all the same. */
  readonly isCertain: boolean
}

const UNKNOWN: Meaning = { code: 'GH-PEER-SIP-UNKNOWN', isCertain: true }
const AWAY: Meaning = { code: 'GH-PEER-SIP-AWAY', isCertain: true }
const REFUSED: Meaning = { code: 'GH-PEER-SIP-REFUSED', isCertain: true }
const FAILED: Meaning = { code: 'GH-PEER-SIP-FAILED', isCertain: true }
const SILENT: Meaning = { code: 'GH-PEER-NO-ANSWER', isCertain: false }

/** Final SIP statuses → what became of a delivery. Whatever is not listed goes by its class: 4xx and 6xx refused, 3xx and 5xx failed. */
const MEANINGS: ReadonlyMap<number, Meaning> = new Map([
  [404, UNKNOWN],
  [410, UNKNOWN],
  [484, UNKNOWN],
  [485, UNKNOWN],
  [604, UNKNOWN],
  [408, SILENT], //  a proxy below waited for nothing (RFC 3261 §16.8)
  [480, AWAY],
  [486, AWAY],
  [487, SILENT], //  we gave up; it may have been read on the way
  [600, AWAY],
  [504, SILENT], //  RFC 4320 §4.2 has gateways say 504 where 408 would be meant
])

/** What a final status of the SIP side means to whoever handed the envelope over. */
export function outcomeOf(status: number, reason: string): DeliveryOutcome {
  // RFC 3428 §7: 202 is a relay's word that it will try; only 200 is the recipient's own
  if (status === 202) return sentOutcome()
  if (status < 300) return deliveredOutcome('', status)
  const { code, isCertain } = MEANINGS.get(status) ?? ((status >= 400 && status < 500) || status >= 600 ? REFUSED : FAILED)
  return failedOutcome(peerCodes, code, `It answered ${status} ${reason}.`, { isCertain, sipStatus: status })
}

/** RFC 5057 §5.1: answers that end the dialog they are given in, or the session; what is only away must not do that. */
const ENDS_DIALOG: ReadonlySet<number> = new Set([404, 410, 416, 480, 481, 482, 483, 484, 485, 489, 502, 604])
const UNAVAILABLE = 504

/** Whether the dialog that a request of ours was in is gone with this answer (RFC 3261 §12.2.1.2, RFC 5057 §5.1). */
export function endsDialog(status: number): boolean {
  return status === 408 || ENDS_DIALOG.has(status)
}

/** The SIP answer to a request whose delivery came to this. `isInDialog`: an answer must not end the session by its number alone. */
export function statusOf(outcome: DeliveryOutcome, method: string, isInDialog: boolean): number {
  if (outcome.status === 'queued') return method === 'MESSAGE' ? 202 : 200
  if (outcome.status !== 'failed') return 200
  const status = outcome.sipStatus >= 400 && outcome.sipStatus <= 699 ? outcome.sipStatus : 500
  // RFC 3261 §21.5.4: 503 would say that this gate is overloaded, and turn its neighbours away from it
  if (status === 503) return UNAVAILABLE
  // RFC 4320 §4.2: nobody but an INVITE is answered 408
  if (status === 408 && method !== 'INVITE') return UNAVAILABLE
  return isInDialog && ENDS_DIALOG.has(status) ? UNAVAILABLE : status
}
