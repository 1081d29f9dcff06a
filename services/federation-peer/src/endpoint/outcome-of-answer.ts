import { failedOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import { peerCodes } from '../errors.ts'
import { outcomeOf } from './status-table.ts'
import type { SipAnswer } from './user-agent.ts'

export type OnOutcome = (outcome: DeliveryOutcome) => void

/** No link, and none to wait for: DNS knows no edge that may be taken. */
const NOBODY_AWAY: ReadonlySet<string> = new Set(['GH-EDGE-LINK-NO-RECORD', 'GH-EDGE-LINK-DOMAIN-RULE'])

/** The outcome of a request of ours, whatever became of it. */
export function outcomeOfAnswer(answer: SipAnswer): DeliveryOutcome {
  if (answer.ok) return outcomeOf(answer.response.status, answer.response.reason)
  switch (answer.why) {
    case 'no-link':
      return noLinkOutcome(answer)
    case 'busy':
      return failedOutcome(peerCodes, 'GH-PEER-BUSY', answer.detail)
    case 'broken':
      return failedOutcome(peerCodes, 'GH-PEER-SIP-FAILED', answer.detail)
    case 'timeout':
      return failedOutcome(peerCodes, 'GH-PEER-NO-ANSWER', '', { isCertain: false })
    case 'connection-lost':
      return failedOutcome(peerCodes, 'GH-PEER-LINK-LOST', '', { isCertain: false })
  }
}

function noLinkOutcome({ detail, status: sipStatus, code = '' }: Extract<SipAnswer, { ok: false }>): DeliveryOutcome {
  const outcome = failedOutcome(peerCodes, 'GH-PEER-NEXT-HOP-AWAY', detail, { sipStatus })
  return NOBODY_AWAY.has(code) ? { ...outcome, retry: 'never' } : outcome
}
