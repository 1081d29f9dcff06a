import { type Delivery, failedOutcome, sentOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome, MessageEvent } from '@gatehouse/im-model'
import { peerCodes } from '../errors.ts'
import type { LinkDestination } from '../route/link-targets.ts'
import type { OwnNames } from '../route/own-names.ts'
import { CPIM, renderCpim } from './content/cpim.ts'
import { IMDN, renderImdn } from './content/imdn.ts'
import { toSipUri } from './content/sip-address.ts'
import { IS_COMPOSING, renderIsComposing } from './content/typing.ts'
import { textOfMessage } from './message-body.ts'
import { createOwnRequest, type HeaderPairs, headerText, markOwnMessage } from './own-request.ts'
import { outcomeOf } from './status-table.ts'
import type { SipAnswer, UserAgent } from './user-agent.ts'

const TEXT = 'text/plain;charset=UTF-8'
const UNSUPPORTED_MEDIA = 415

/** What a next hop makes of messages. */
export interface NextHopHabits {
  /** `session`: an INVITE first, as Microsoft's clients have it; `page`: MESSAGE by itself (RFC 3428). */
  readonly imMode: 'page' | 'session'
  /** Receipts are asked for, and given, as IMDN in CPIM (RFC 5438). */
  readonly hasImdn: boolean
}

export type OnOutcome = (outcome: DeliveryOutcome) => void

export interface SipSenderDeps {
  readonly agent: UserAgent
  readonly own: OwnNames
  readonly habitsOf: (destination: LinkDestination) => NextHopHabits
  readonly newTag: () => string
  readonly nowMs: () => number
}

/** What goes into one MESSAGE. */
interface Page {
  readonly contentType: string
  readonly body: Uint8Array
  readonly headers: HeaderPairs
}

/** Says in SIP what happened elsewhere: page mode (RFC 3428, RFC 7572 §4). */
export class SipSender {
  readonly #deps: SipSenderDeps

  constructor(deps: SipSenderDeps) {
    this.#deps = deps
  }

  /** `onOutcome` is called exactly once, perhaps before this returns. Nothing is tried again that may have arrived. */
  send(delivery: Delivery, destination: LinkDestination, onOutcome: OnOutcome): void {
    const { content } = delivery.envelope
    switch (content.kind) {
      case 'message':
        return this.#sendMessage(delivery, destination, content, onOutcome)
      case 'typing':
        return this.#sendPage(
          delivery,
          destination,
          { contentType: IS_COMPOSING, body: renderIsComposing(content), headers: [] },
          onOutcome,
        )
      case 'receipt':
        return this.#sendReceipt(delivery, destination, onOutcome)
      case 'session':
        return onOutcome(sentOutcome()) // page mode has no sessions: there is nothing to say
      case 'presence':
        return onOutcome(failedOutcome(peerCodes, 'GH-PEER-SIP-NOTHING'))
    }
  }

  #sendMessage(delivery: Delivery, destination: LinkDestination, message: MessageEvent, onOutcome: OnOutcome): void {
    const headers: HeaderPairs = message.subject === undefined ? [] : [['Subject', headerText(message.subject)]]
    const plain: Page = { contentType: TEXT, body: Buffer.from(textOfMessage(message)), headers }
    if (!this.#deps.habitsOf(destination).hasImdn || message.messageId === '' || (message.wants ?? []).length === 0) {
      return this.#sendPage(delivery, destination, plain, onOutcome)
    }
    const { messageId, wants, subject } = message
    const wrapped = this.#wrap(delivery, { messageId, wants, subject }, plain)
    this.#sendPage(delivery, destination, wrapped, (outcome) => {
      // RFC 3261 §21.4.13: it was refused for its wrapping, so it has not arrived
      if (outcome.sipStatus === UNSUPPORTED_MEDIA) this.#sendPage(delivery, destination, plain, onOutcome)
      else onOutcome(outcome)
    })
  }

  #sendReceipt(delivery: Delivery, destination: LinkDestination, onOutcome: OnOutcome): void {
    const { content, to, from } = delivery.envelope
    if (content.kind !== 'receipt' || content.of === '' || !this.#deps.habitsOf(destination).hasImdn) {
      return onOutcome(failedOutcome(peerCodes, 'GH-PEER-SIP-NOTHING', `${to.user}@${to.domain} is not told of receipts.`))
    }
    const body = renderImdn(content, toSipUri(from), this.#deps.nowMs())
    const page = this.#wrap(delivery, {}, { contentType: IMDN, body, headers: [] })
    this.#sendPage(delivery, destination, page, onOutcome)
  }

  #wrap(delivery: Delivery, head: Pick<MessageEvent, 'subject' | 'wants'> & { messageId?: string }, page: Page): Page {
    const { from, to } = delivery.envelope
    const wrapped = { ...head, from: toSipUri(from), to: toSipUri(to), atMs: this.#deps.nowMs() }
    return { contentType: CPIM, body: renderCpim(wrapped, page.contentType, page.body), headers: [] }
  }

  #sendPage(delivery: Delivery, destination: LinkDestination, page: Page, onOutcome: OnOutcome): void {
    const { own, agent, newTag } = this.#deps
    const request = createOwnRequest({
      method: 'MESSAGE',
      delivery,
      fromTag: newTag(),
      host: own.of(destination.to === 'inside' ? 'internal' : 'external').host,
      headers: [...page.headers, ['Content-Type', page.contentType]],
      body: page.body,
    })
    markOwnMessage(request, delivery, destination, own)
    agent.send(destination, request, (answer) => onOutcome(outcomeOfAnswer(answer)))
  }
}

/** The outcome of a request of ours, whatever became of it. */
export function outcomeOfAnswer(answer: SipAnswer): DeliveryOutcome {
  if (answer.ok) return outcomeOf(answer.response.status, answer.response.reason)
  switch (answer.why) {
    case 'no-link':
      return failedOutcome(peerCodes, 'GH-PEER-NEXT-HOP-AWAY', answer.detail, { sipStatus: answer.status })
    case 'busy':
      return failedOutcome(peerCodes, 'GH-PEER-BUSY', answer.detail)
    case 'timeout':
      return failedOutcome(peerCodes, 'GH-PEER-NO-ANSWER', '', { isCertain: false })
    case 'connection-lost':
      return failedOutcome(peerCodes, 'GH-PEER-LINK-LOST', '', { isCertain: false })
  }
}
