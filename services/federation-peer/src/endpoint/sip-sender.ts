import { type Delivery, failedOutcome, sentOutcome } from '@gatehouse/delivery'
import type { MessageEvent, PresenceEvent, TypingEvent } from '@gatehouse/im-model'
import { peerCodes } from '../errors.ts'
import type { LinkDestination } from '../route/link-targets.ts'
import type { OwnNames } from '../route/own-names.ts'
import { CPIM, renderCpim } from './content/cpim.ts'
import { IMDN, renderImdn } from './content/imdn.ts'
import { toSipUri } from './content/sip-address.ts'
import { IS_COMPOSING, KEYBOARD_ACTIVITY, renderIsComposing, renderKeyboardActivity } from './content/typing.ts'
import type { ImSession, ImSessions } from './im-sessions.ts'
import { textOfMessage } from './message-body.ts'
import { type OnOutcome, outcomeOfAnswer } from './outcome-of-answer.ts'
import { createOwnRequest, type HeaderPairs, headerText, markOwnMessage } from './own-request.ts'
import type { SipWatchers } from './presence/sip-watchers.ts'
import type { WatchedUsers } from './presence/watched-users.ts'
import type { SessionOpener } from './session-opener.ts'
import { endsDialog } from './status-table.ts'
import { type SipAnswer, sideOf, type UserAgent } from './user-agent.ts'

const TEXT = 'text/plain;charset=UTF-8'
const UNSUPPORTED_MEDIA = 415
const NO_DIALOG = 481
/** Method Not Allowed, Not Acceptable Here, Not Implemented. */
const KNOWS_NO_SESSIONS: ReadonlySet<number> = new Set([405, 488, 501])

/** What a next hop makes of messages. */
export interface NextHopHabits {
  /** `session`: an INVITE first, as Microsoft's clients have it; `page`: MESSAGE by itself (RFC 3428). */
  readonly imMode: 'page' | 'session'
  /** Receipts are asked for, and given, as IMDN in CPIM (RFC 5438). */
  readonly hasImdn: boolean
}

export interface SipSenderDeps {
  readonly agent: UserAgent
  readonly sessions: ImSessions
  readonly opener: SessionOpener
  readonly watchers: Pick<SipWatchers, 'tell'>
  readonly watched: Pick<WatchedUsers, 'ask'>
  readonly own: OwnNames
  readonly habitsOf: (destination: LinkDestination) => NextHopHabits
  readonly newTag: () => string
  readonly nowMs: () => number
}

/** What goes into one request. */
interface Page {
  readonly method: 'MESSAGE' | 'INFO'
  readonly contentType: string
  readonly body: Uint8Array
  readonly headers: HeaderPairs
}

/** Says in SIP what happened elsewhere: in a session that is open, in one that is opened for it, or page by page (RFC 3428, RFC 7572, RFC 7573). */
export class SipSender {
  readonly #deps: SipSenderDeps

  constructor(deps: SipSenderDeps) {
    this.#deps = deps
  }

  /** `onOutcome` is called exactly once, perhaps before this returns. Nothing is tried again that may have arrived. */
  send(delivery: Delivery, destination: LinkDestination, onOutcome: OnOutcome): void {
    const { from, to, content } = delivery.envelope
    const session = this.#deps.sessions.use(from, to)
    if (session !== undefined) session.destination = destination
    switch (content.kind) {
      case 'message':
        return this.#sendMessage(delivery, destination, content, session, onOutcome)
      case 'typing':
        return this.#sendPage(delivery, destination, typingPage(content, session), session, onOutcome)
      case 'receipt':
        return this.#sendReceipt(delivery, destination, session, onOutcome)
      case 'session':
        if (content.state === 'closed' && session !== undefined) return this.end(session, delivery, onOutcome)
        return onOutcome(sentOutcome()) // nothing is open that could close, and the first message opens one
      case 'presence':
        return this.#sendPresence(delivery, destination, content, onOutcome)
    }
  }

  /** Ends a session: BYE (RFC 3261 §15.1.1). Over for us at once. `delivery`: who ends it; undefined: it was idle. */
  end(session: ImSession, delivery?: Delivery, onOutcome: OnOutcome = () => undefined): void {
    this.#deps.sessions.remove(session)
    if (session.destination === undefined) return onOutcome(sentOutcome())
    const { request } = session.dialog.createRequest('BYE')
    if (delivery !== undefined) markOwnMessage(request, delivery, session.destination, this.#deps.own)
    this.#deps.agent.send(session.destination, request, (answer) => onOutcome(outcomeOfAnswer(answer)))
  }

  #sendPresence(delivery: Delivery, destination: LinkDestination, event: PresenceEvent, onOutcome: OnOutcome): void {
    const isQuestion = event.type === 'subscribe' || event.type === 'unsubscribe' || event.type === 'probe'
    if (isQuestion) this.#deps.watched.ask(delivery, destination, event, onOutcome)
    else this.#deps.watchers.tell(delivery, destination, event, onOutcome)
  }

  #sendMessage(
    delivery: Delivery,
    destination: LinkDestination,
    message: MessageEvent,
    session: ImSession | undefined,
    onOutcome: OnOutcome,
  ): void {
    const { sessions, opener, habitsOf } = this.#deps
    const habits = habitsOf(destination)
    if (opener.isOpening(delivery) || (session === undefined && habits.imMode === 'session')) {
      return opener.open(delivery, destination, (opening) => {
        if (opening.ok) this.#sendText(delivery, destination, message, opening.session, onOutcome)
        else if (isUnknown(opening.answer)) this.#sendText(delivery, destination, message, undefined, onOutcome)
        else onOutcome(outcomeOfAnswer(opening.answer))
      })
    }
    this.#sendText(delivery, destination, message, session, (outcome) => {
      // RFC 3261 §12.2.1.2: the other end knows the session no longer, so it has not got the message
      const isLost = session !== undefined && outcome.sipStatus === NO_DIALOG
      if (isLost && sessions.use(delivery.envelope.from, delivery.envelope.to) === undefined) this.send(delivery, destination, onOutcome)
      else onOutcome(outcome)
    })
  }

  #sendText(
    delivery: Delivery,
    destination: LinkDestination,
    message: MessageEvent,
    session: ImSession | undefined,
    onOutcome: OnOutcome,
  ): void {
    const headers = headersOf(message)
    const plain: Page = { method: 'MESSAGE', contentType: TEXT, body: Buffer.from(textOfMessage(message)), headers }
    if (!this.#takesCpim(destination, session) || message.messageId === '' || (message.wants ?? []).length === 0) {
      return this.#sendPage(delivery, destination, plain, session, onOutcome)
    }
    const { messageId, wants, subject } = message
    const wrapped = this.#wrap(delivery, { messageId, wants, subject }, plain)
    this.#sendPage(delivery, destination, wrapped, session, (outcome) => {
      // RFC 3261 §21.4.13: it was refused for its wrapping, so it has not arrived
      if (outcome.sipStatus === UNSUPPORTED_MEDIA) this.#sendPage(delivery, destination, plain, session, onOutcome)
      else onOutcome(outcome)
    })
  }

  #takesCpim(destination: LinkDestination, session: ImSession | undefined): boolean {
    return session?.acceptTypes.includes(CPIM) ?? this.#deps.habitsOf(destination).hasImdn
  }

  #sendReceipt(delivery: Delivery, destination: LinkDestination, session: ImSession | undefined, onOutcome: OnOutcome): void {
    const { content, to, from } = delivery.envelope
    if (content.kind !== 'receipt' || content.of === '' || !this.#takesCpim(destination, session)) {
      return onOutcome(failedOutcome(peerCodes, 'GH-PEER-SIP-NOTHING', `${to.user}@${to.domain} is not told of receipts.`))
    }
    const body = renderImdn(content, toSipUri(from), this.#deps.nowMs())
    const page = this.#wrap(delivery, {}, { method: 'MESSAGE', contentType: IMDN, body, headers: [] })
    this.#sendPage(delivery, destination, page, session, onOutcome)
  }

  #wrap(delivery: Delivery, head: Pick<MessageEvent, 'subject' | 'wants'> & { messageId?: string }, page: Page): Page {
    const { from, to } = delivery.envelope
    const wrapped = { ...head, from: toSipUri(from), to: toSipUri(to), atMs: this.#deps.nowMs() }
    return { method: 'MESSAGE', contentType: CPIM, body: renderCpim(wrapped, page.contentType, page.body), headers: [] }
  }

  #sendPage(delivery: Delivery, destination: LinkDestination, page: Page, session: ImSession | undefined, onOutcome: OnOutcome): void {
    const { own, agent, newTag, sessions } = this.#deps
    const headers: HeaderPairs = [...page.headers, ['Content-Type', page.contentType]]
    const request =
      session?.dialog.createRequest(page.method, headers, { body: page.body }).request ??
      createOwnRequest({
        method: page.method,
        delivery,
        fromTag: newTag(),
        host: own.of(sideOf(destination)).host,
        headers,
        body: page.body,
      })
    markOwnMessage(request, delivery, destination, own)
    agent.send(destination, request, (answer) => {
      if (session !== undefined && answer.ok && endsDialog(answer.response.status)) sessions.remove(session)
      onOutcome(outcomeOfAnswer(answer))
    })
  }
}

function headersOf({ subject, language }: MessageEvent): HeaderPairs {
  const headers: (readonly [string, string])[] = []
  if (subject !== undefined) headers.push(['Subject', headerText(subject)])
  if (language !== undefined) headers.push(['Content-Language', language])
  return headers
}

/** In a session as its end understands it; without one as RFC 3994 has it for pages. */
function typingPage(event: TypingEvent, session: ImSession | undefined): Page {
  if (session !== undefined && !session.acceptTypes.includes(IS_COMPOSING)) {
    return { method: 'INFO', contentType: KEYBOARD_ACTIVITY, body: renderKeyboardActivity(event), headers: [] }
  }
  return { method: 'MESSAGE', contentType: IS_COMPOSING, body: renderIsComposing(event), headers: [] }
}

/** The far side knows no such sessions, so it has not seen the message either: a page may do. */
function isUnknown(answer: SipAnswer): boolean {
  return answer.ok && KNOWS_NO_SESSIONS.has(answer.response.status)
}
