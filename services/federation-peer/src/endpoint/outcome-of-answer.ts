import { failedOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import { peerCodes } from '../errors.ts'
import { outcomeOf } from './status-table.ts'
import type { SipAnswer } from './user-agent.ts'

export type OnOutcome = (outcome: DeliveryOutcome) => void

/** The outcome of a request of ours, whatever became of it. */
export function outcomeOfAnswer(answer: SipAnswer): DeliveryOutcome {
  if (answer.ok) return outcomeOf(answer.response.status, answer.response.reason)
  switch (answer.why) {
    case 'no-link':
      return failedOutcome(peerCodes, 'GH-PEER-NEXT-HOP-AWAY', answer.detail, { sipStatus: answer.status })
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
