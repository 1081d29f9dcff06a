import type { TimerWheel } from '@gatehouse/bus'
import { type Delivery, sentOutcome } from '@gatehouse/delivery'
import type { Destination, PresenceEvent } from '@gatehouse/im-model'
import { Dialog, type SipRequest } from '@gatehouse/sip-core'
import { refuse } from '../../admit/refusal.ts'
import type { LinkDestination } from '../../route/link-targets.ts'
import type { OwnNames } from '../../route/own-names.ts'
import type { Passage } from '../../session/passage.ts'
import { callIdOf } from '../call-id.ts'
import { ACCEPTED_PRESENCE, readPresence } from '../content/pidf.ts'
import { partiesOf } from '../envelope-of.ts'
import type { HandOver } from '../hand-over.ts'
import { pairKey } from '../im-sessions.ts'
import { type OnOutcome, outcomeOfAnswer } from '../outcome-of-answer.ts'
import type { OutsideAnswers } from '../outside-answers.ts'
import type { OwnContacts } from '../own-contact.ts'
import { createOwnRequest, type HeaderPairs, markOwnMessage } from '../own-request.ts'
import type { DialogRecord, SiblingDialogs } from '../sibling-dialogs.ts'
import type { AnswerDesk } from '../sip-receiver.ts'
import { type SipAnswer, sideOf, type UserAgent } from '../user-agent.ts'
import { WheelAlarm } from '../wheel-alarm.ts'
import { expiresOf } from './expires.ts'
import { readSubscriptionState, type SubscriptionState } from './subscription-state.ts'

const EXPIRES_S = 3_600
/** A shorter time than this is not taken from a notifier: it would have us ask all the time. */
const MIN_EXPIRES_S = 60
/** Refreshed when this part of the time is over. */
const REFRESH_AT = 0.9
const RETRY_MS = 60_000
const NO_DIALOG = 481
/** What other replicas send us for it at most; afterwards one of them asks anew. */
const KNOWN_FOR_MS = 86_400_000

/** Somebody on a network watches a SIP user; we are the subscriber (RFC 6665 §4.1). */
interface Watched {
  /** What asked for it: who watches whom, how sure we are of them, where it goes. */
  readonly delivery: Delivery
  readonly destination: LinkDestination
  readonly alarm: WheelAlarm
  dialog: Dialog | undefined
  /** Consent was passed on. */
  isAnnounced: boolean
  readonly record: DialogRecord
}

export interface WatchedUsersDeps {
  readonly agent: UserAgent
  readonly handOver: HandOver
  readonly answers: OutsideAnswers
  readonly contacts: OwnContacts
  readonly own: OwnNames
  readonly wheel: TimerWheel
  readonly siblings: SiblingDialogs
  readonly nowMs: () => number
  readonly newTag: () => string
  readonly maxWatched: number
}

/**
 * SIP users whom people on networks watch (RFC 8048 §5.2): `subscribe` becomes a SUBSCRIBE that is refreshed for as long as the network
 * wants it, and each NOTIFY goes back as consent, presence or refusal. Which user may be seen by whom is the home server's decision, after ours.
 */
export class WatchedUsers {
  readonly #deps: WatchedUsersDeps
  readonly #byPair = new Map<string, Watched>()

  constructor(deps: WatchedUsersDeps) {
    this.#deps = deps
  }

  get size(): number {
    return this.#byPair.size
  }

  /** `subscribe`, `probe` or `unsubscribe` from a network. */
  ask(delivery: Delivery, destination: LinkDestination, event: PresenceEvent, onOutcome: OnOutcome): void {
    const key = pairKey(delivery.envelope.from, delivery.envelope.to)
    const present = this.#byPair.get(key)
    if (event.type === 'unsubscribe') {
      if (present === undefined) return onOutcome(sentOutcome()) // it ends by itself in another replica, or has ended
      this.#remove(present)
      return this.#subscribe(present, 0, (answer) => onOutcome(outcomeOfAnswer(answer)))
    }
    // asked again, whoever has the state tells it again: RFC 6665 §4.2.1.2 has a NOTIFY follow every SUBSCRIBE
    const watched = present ?? this.#add(key, delivery, destination)
    watched.isAnnounced = watched.isAnnounced && event.type === 'probe'
    this.#subscribe(watched, EXPIRES_S, (answer) => onOutcome(outcomeOfAnswer(answer)))
  }

  /** A NOTIFY. Any replica can take it: the dialog is proved by our Contact, and who watches whom stands in it. */
  take(passage: Passage, destination: Destination, desk: AnswerDesk): void {
    if (!passage.isInDialog) return desk.refuse(passage, refuse('GH-PEER-NO-DIALOG'))
    const state = readSubscriptionState(passage.request.headers.first('Subscription-State'))
    if (state === undefined) return desk.refuse(passage, { ...refuse('GH-PEER-NO-DIALOG', 'It has no Subscription-State.'), status: 400 })
    // RFC 6665 §4.1.3: it was received; what becomes of it elsewhere is nothing to the notifier
    desk.accept(passage, this.#deps.answers.of(passage, 200))
    this.#passOn(passage, destination, state)
  }

  /** Microsoft's BENOTIFY: the same without an answer (lcs-edge §4). */
  takeUnanswered(passage: Passage, destination: Destination): void {
    const state = readSubscriptionState(passage.request.headers.first('Subscription-State') ?? 'active')
    if (passage.isInDialog && state !== undefined) this.#passOn(passage, destination, state)
  }

  #passOn(passage: Passage, destination: Destination, state: SubscriptionState): void {
    const { from, to } = partiesOf(passage)
    const watched = this.#byPair.get(pairKey(to, from))
    const events = this.#eventsOf(passage.request, state, watched)
    if (watched !== undefined && state.state === 'terminated') this.#afterEnd(watched, state)
    const next = (): void => {
      const event = events.shift()
      if (event !== undefined) this.#deps.handOver.run(passage, destination, event, next)
    }
    next()
  }

  #eventsOf(request: SipRequest, { state, reason }: SubscriptionState, watched: Watched | undefined): PresenceEvent[] {
    if (state === 'pending') return []
    if (state === 'terminated') {
      const isRefused = reason === 'rejected' || reason === 'noresource'
      return [{ kind: 'presence', type: isRefused ? 'unsubscribed' : 'unavailable' }]
    }
    const events: PresenceEvent[] = []
    // a replica that did not ask does not know; hearing it twice does no harm (RFC 6121 §3.1.6)
    if (watched?.isAnnounced !== true) events.push({ kind: 'presence', type: 'subscribed' })
    if (watched !== undefined) watched.isAnnounced = true
    const presence = request.body.byteLength === 0 ? undefined : readPresence(request.body)
    if (presence !== undefined) events.push(presence)
    return events
  }

  /** RFC 6665 §4.1.3: what each reason has the subscriber do. */
  #afterEnd(watched: Watched, { reason, retryAfterS }: SubscriptionState): void {
    watched.dialog = undefined
    const isOver = reason === 'rejected' || reason === 'noresource' || reason === 'invariant'
    if (isOver) this.#remove(watched)
    else this.#wake(watched, retryAfterS === undefined ? RETRY_MS : Math.min(retryAfterS, EXPIRES_S) * 1_000)
  }

  #add(key: string, delivery: Delivery, destination: LinkDestination): Watched {
    const watched: Watched = {
      delivery,
      destination,
      alarm: new WheelAlarm(() => this.#subscribe(watched, EXPIRES_S, () => undefined)),
      dialog: undefined,
      isAnnounced: false,
      record: {
        kind: 'watched',
        pair: key,
        generation: 0,
        outside: delivery.envelope.from,
        user: delivery.envelope.to,
        acceptTypes: [],
        isActive: true,
        untilMs: this.#deps.nowMs() + KNOWN_FOR_MS,
      },
    }
    this.#byPair.set(key, watched)
    this.#deps.siblings.has(watched.record)
    if (this.#byPair.size > this.#deps.maxWatched) this.#forgetOldest()
    return watched
  }

  #subscribe(watched: Watched, expiresS: number, onAnswer: (answer: SipAnswer) => void): void {
    const { dialog } = watched
    const request = dialog === undefined ? this.#firstRequest(watched, expiresS) : this.#nextRequest(watched, dialog, expiresS)
    markOwnMessage(request, watched.delivery, watched.destination, this.#deps.own)
    this.#deps.agent.send(watched.destination, request, (answer) => {
      // RFC 6665 §4.1.2.2: the notifier knows it no longer
      if (dialog !== undefined && answer.ok && answer.response.status === NO_DIALOG && expiresS > 0) {
        watched.dialog = undefined
        return this.#subscribe(watched, expiresS, onAnswer)
      }
      if (expiresS > 0) this.#settle(watched, request, answer)
      onAnswer(answer)
    })
  }

  #settle(watched: Watched, request: SipRequest, answer: SipAnswer): void {
    if (!this.#isKnown(watched)) return
    if (!answer.ok || answer.response.status === 503) return this.#wake(watched, RETRY_MS)
    if (answer.response.status >= 300) return this.#remove(watched)
    watched.dialog ??= Dialog.ofSent(request, answer.response)
    watched.dialog?.handleResponse(answer.response)
    this.#wake(watched, Math.max(MIN_EXPIRES_S, expiresOf(answer.response, EXPIRES_S)) * 1_000 * REFRESH_AT)
  }

  #firstRequest({ delivery, destination }: Watched, expiresS: number): SipRequest {
    const { host } = this.#deps.own.of(sideOf(destination))
    return createOwnRequest({
      method: 'SUBSCRIBE',
      delivery,
      fromTag: this.#deps.newTag(),
      host,
      headers: this.#headers(delivery, destination, expiresS),
    })
  }

  #nextRequest({ delivery, destination }: Watched, dialog: Dialog, expiresS: number): SipRequest {
    return dialog.createRequest('SUBSCRIBE', this.#headers(delivery, destination, expiresS)).request
  }

  #headers({ envelope }: Delivery, destination: LinkDestination, expiresS: number): HeaderPairs {
    const side = sideOf(destination)
    const callId = callIdOf(envelope.conversation, this.#deps.own.of(side).host)
    return [
      ['Contact', this.#deps.contacts.of(side, envelope.from, envelope.to.domain, callId)],
      ['Event', 'presence'],
      ['Accept', ACCEPTED_PRESENCE],
      ['Expires', String(expiresS)],
    ]
  }

  #isKnown(watched: Watched): boolean {
    return this.#byPair.get(pairKey(watched.delivery.envelope.from, watched.delivery.envelope.to)) === watched
  }

  #wake(watched: Watched, afterMs: number): void {
    this.#deps.wheel.remove(watched.alarm)
    this.#deps.wheel.add(watched.alarm, afterMs)
  }

  #remove(watched: Watched): void {
    this.#deps.wheel.remove(watched.alarm)
    this.#deps.siblings.ended(watched.record)
    if (this.#isKnown(watched)) this.#byPair.delete(pairKey(watched.delivery.envelope.from, watched.delivery.envelope.to))
  }

  /** It ends by itself when nobody refreshes it. */
  #forgetOldest(): void {
    const [oldest] = this.#byPair.values()
    if (oldest !== undefined) this.#remove(oldest)
  }
}
