import type { Delivery } from '@gatehouse/delivery'
import type { Destination, ImAddress } from '@gatehouse/im-model'
import type { OutboxEnd, OutboxItem } from '@gatehouse/outbox'
import type { SipRequest } from '@gatehouse/sip-core'
import { CPIM, readCpim } from '../endpoint/content/cpim.ts'
import { partiesOf } from '../endpoint/envelope-of.ts'
import type { Passage } from '../session/passage.ts'
import { filledNotice, type NoticeTexts } from './notice-texts.ts'

const CPIM_HEAD_BYTES = 8_192
const NOTICE_TIMEOUT_MS = 30_000

/**
 * The id by which the sender asked to be told of a failure (RFC 5438 §6.2, `negative-delivery`); empty: it did not ask. That it was
 * delivered is for the recipient's side to say: the wrapping goes on to it as it came.
 */
export function failureReceiptOf(request: SipRequest): string {
  const type = (request.headers.first('Content-Type') ?? '').split(';', 1)[0]?.trim().toLowerCase()
  const cpim = type === CPIM ? readCpim(request.body) : undefined
  if (cpim === undefined || cpim.messageId === '') return ''
  const { buffer, byteOffset, byteLength } = request.body
  const head = Buffer.from(buffer, byteOffset, Math.min(byteLength, CPIM_HEAD_BYTES)).toString('latin1')
  return /^[^\r\n:]*\.Disposition-Notification:[^\r\n]*\bnegative-delivery\b/im.test(head) ? cpim.messageId : ''
}

export interface NoticeParts {
  /** The message that was given up. */
  readonly passage: Passage
  readonly item: OutboxItem
  readonly end: OutboxEnd
  /** Where the sender is reached. */
  readonly destination: Destination
  readonly from: ImAddress
  readonly texts: NoticeTexts
  readonly id: Uint8Array
}

/** The gate's own message to a sender. */
export function noticeTo({ passage, item, end, destination, from, texts, id }: NoticeParts): Delivery {
  const text = !end.isCertain ? texts.uncertain : end.result === 'expired' ? texts.expired : texts.failed
  return {
    envelope: {
      id,
      receivedAtMs: item.acceptedAtMs,
      from,
      to: partiesOf(passage).from,
      conversation: `outbox-${item.id}`,
      content: {
        kind: 'message',
        messageId: '',
        text: filledNotice(text, { to: item.to, acceptedAtMs: item.acceptedAtMs, reference: referenceOf(passage) }),
      },
    },
    destination,
    decision: { mark: 'verified', evidence: 'V3', direction: 'inbound', peerClass: 'inside', partner: '', revision: 0 },
    timeoutMs: NOTICE_TIMEOUT_MS,
    forwardedBy: '',
  }
}

function referenceOf({ request }: Passage): string {
  return `${request.callId() ?? ''} ${request.cseq()?.number ?? 0}`
}
