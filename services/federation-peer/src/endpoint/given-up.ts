import type { Delivery } from '@gatehouse/delivery'
import { failedOutcome } from '@gatehouse/delivery'
import type { ReceiptEvent } from '@gatehouse/im-model'
import { peerCodes } from '../errors.ts'
import { filledNotice, type NoticeTexts } from '../outbox/notice-texts.ts'
import type { OnOutcome } from './outcome-of-answer.ts'

export interface GivenUpDeps {
  readonly texts: NoticeTexts
  /** Our name towards the inside: home servers take nothing in our users’ own domain from a gate. */
  readonly insideName: string
  readonly send: (delivery: Delivery, onOutcome: OnOutcome) => void
}

/**
 * Word to a SIP user that another service gave up a message that waited: the receipt that was asked for (RFC 5438), else a message in words.
 * Partners take messages from us in our users' domains only; our own home servers take none in those from outside.
 */
export function tellGivenUp(delivery: Delivery, receipt: ReceiptEvent, deps: GivenUpDeps, onOutcome: OnOutcome): void {
  const inWords = (): void => {
    if (!deps.texts.enabled) return onOutcome(failedOutcome(peerCodes, 'GH-PEER-SIP-NOTHING', 'Notices are switched off.'))
    deps.send(wordsOf(delivery, receipt, deps), onOutcome)
  }
  if (receipt.of === '') return inWords()
  deps.send(delivery, (outcome) => {
    // its server does not let receipts through
    if (outcome.code === 'GH-PEER-SIP-NOTHING') inWords()
    else onOutcome(outcome)
  })
}

function wordsOf(delivery: Delivery, { of, state, code, acceptedAtMs = 0 }: ReceiptEvent, { texts, insideName }: GivenUpDeps): Delivery {
  const { envelope, destination } = delivery
  const { user, domain } = envelope.from
  const pattern = state === 'error' ? texts.uncertain : code === 'GH-OUTBOX-EXPIRED' ? texts.expired : texts.failed
  const text = filledNotice(pattern, { to: `${user}@${domain}`, acceptedAtMs, reference: of === '' ? envelope.conversation : of })
  const from = { user: texts.user, domain: destination.to === 'inside' ? insideName : domain }
  return { ...delivery, envelope: { ...envelope, from, content: { kind: 'message', messageId: '', text } } }
}
