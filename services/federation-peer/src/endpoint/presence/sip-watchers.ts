import type { TimerWheel } from '@gatehouse/bus'
import { type Delivery, failedOutcome } from '@gatehouse/delivery'
import type { Destination, ImAddress, PresenceEvent } from '@gatehouse/im-model'
import { Dialog, dialogKey } from '@gatehouse/sip-core'
import { refuse } from '../../admit/refusal.ts'
import { peerCodes } from '../../errors.ts'
import type { LinkDestination } from '../../route/link-targets.ts'
import type { Passage } from '../../session/passage.ts'
import { PIDF, renderPidf } from '../content/pidf.ts'
import { toSipUri } from '../content/sip-address.ts'
import { partiesOf } from '../envelope-of.ts'
import type { HandOver } from '../hand-over.ts'
import { pairKey } from '../im-sessions.ts'
import { type OnOutcome, outcomeOfAnswer } from '../outcome-of-answer.ts'
import type { OutsideAnswers } from '../outside-answers.ts'
import type { OwnContacts } from '../own-contact.ts'
import type { HeaderPairs } from '../own-request.ts'
import type { AnswerDesk } from '../sip-receiver.ts'
import { endsDialog } from '../status-table.ts'
import type { UserAgent } from '../user-agent.ts'
import { WheelAlarm } from '../wheel-alarm.ts'
import { expiresOf } from './expires.ts'

/** How long a single question (RFC 3856 §6.4: Expires 0) waits for what the network knows. */
const POLL_MS = 5_000
const EVENT: HeaderPairs = [['Event', 'presence']]
const ALLOW_EVENTS: HeaderPairs = [['Allow-Events', 'presence']]

/** A SIP user who watches somebody on a network; we are the notifier (RFC 6665 §4.2). */
interface Watcher {
  readonly dialog: Dialog
  readonly outside: ImAddress
  readonly user: ImAddress
  readonly alarm: WheelAlarm
  destination: LinkDestination
  untilMs: number
  state: 'pending' | 'active'
  known: PresenceEvent | undefined
}

export interface SipWatchersDeps {
  readonly agent: UserAgent
  readonly handOver: HandOver
  readonly answers: OutsideAnswers
  readonly contacts: OwnContacts
  readonly wheel: TimerWheel
  readonly nowMs: () => number
  readonly maxWatchers: number
}

/**
 * SIP users who watch people on networks (RFC 8048 §5.3): SUBSCRIBE asks there for consent and gets NOTIFYs of what the network says. The
 * subscription on the network outlives the one in SIP, which has to be refreshed; consent is asked for once.
 */
export class SipWatchers {
  readonly #deps: SipWatchersDeps
  readonly #byDialog = new Map<string, Watcher>()
  readonly #byPair = new Map<string, Set<Watcher>>()

  constructor(deps: SipWatchersDeps) {
    this.#deps = deps
  }

  get size(): number {
    return this.#byDialog.size
  }

  take(passage: Passage, destination: Destination, desk: AnswerDesk): void {
    const event = passage.request.headers.first('Event')?.split(';', 1)[0]?.trim().toLowerCase()
    if (event !== 'presence') return desk.refuse(passage, refuse('GH-PEER-EVENT-PACKAGE', '', { headers: ALLOW_EVENTS }))
    if (passage.isInDialog) return this.#refresh(passage, destination, desk)
    if (this.#byDialog.size >= this.#deps.maxWatchers)
      return desk.refuse(passage, refuse('GH-PEER-BUSY', 'Too many subscriptions.', { retryAfterS: 60 }))
    const expiresS = expiresOf(passage.request)
    const question: PresenceEvent = { kind: 'presence', type: expiresS === 0 ? 'probe' : 'subscribe' }
    this.#deps.handOver.run(passage, destination, question, (outcome) => {
      if (passage.stage !== 'deliver') return
      if (outcome.status === 'failed') return desk.refuse(passage, this.#deps.answers.refusalOf(passage, outcome))
      this.#accept(passage, desk, expiresS)
    })
  }

  /** What the network says of `delivery.envelope.from`, to all who watch from there. */
  tell(delivery: Delivery, destination: LinkDestination, event: PresenceEvent, onOutcome: OnOutcome): void {
    const { from, to } = delivery.envelope
    const watchers = [...(this.#byPair.get(pairKey(from, to)) ?? [])]
    if (watchers.length === 0) return onOutcome(failedOutcome(peerCodes, 'GH-PEER-SIP-NOTHING', 'Nobody watches.'))
    let report: OnOutcome | undefined = onOutcome
    for (const watcher of watchers) {
      watcher.destination = destination
      if (event.type === 'available' || event.type === 'unavailable') watcher.known = event
      // who sees presence has consent, in whatever order the network says so
      if (event.type !== 'unsubscribed') watcher.state = 'active'
      this.#notify(watcher, event.type === 'unsubscribed' ? 'rejected' : undefined, (outcome) => {
        report?.(outcome) // the first phone that has it has it
        report = undefined
      })
    }
  }

  #accept(passage: Passage, desk: AnswerDesk, expiresS: number): void {
    const { from, to } = partiesOf(passage)
    const response = this.#deps.answers.of(passage, 200, [
      ['Expires', String(expiresS)],
      ['Contact', this.#deps.contacts.of(passage.side, to, from.domain, passage.callId)],
    ])
    const dialog = Dialog.ofReceived(passage.request, response)
    if (dialog === undefined) return desk.refuse(passage, { ...refuse('GH-PEER-NO-DIALOG', 'It has no Contact.'), status: 400 })
    desk.accept(passage, response)
    // a partner is told by whoever knows the way to it, with the first event
    const destination: LinkDestination = passage.side === 'internal' ? { to: 'inside', domain: from.domain } : NOWHERE
    const watcher: Watcher = {
      dialog,
      outside: to,
      user: from,
      alarm: new WheelAlarm(() => this.#notify(watcher, 'timeout')),
      destination,
      untilMs: 0,
      state: 'pending',
      known: undefined,
    }
    this.#byDialog.set(dialogKey(dialog.id), watcher)
    const key = pairKey(to, from)
    this.#byPair.set(key, (this.#byPair.get(key) ?? new Set()).add(watcher))
    this.#extend(watcher, expiresS === 0 ? POLL_MS : expiresS * 1_000)
    if (expiresS > 0) this.#notify(watcher) // RFC 6665 §4.2.1.2: at once
  }

  /** RFC 6665 §4.4.1 and §4.1.2.2: again, or no longer. A replica that does not know it says 481, and the watcher begins anew. */
  #refresh(passage: Passage, destination: Destination, desk: AnswerDesk): void {
    const { callId, request } = passage
    const watcher = this.#byDialog.get(dialogKey({ callId, localTag: request.to()?.tag ?? '', remoteTag: request.from()?.tag ?? '' }))
    if (watcher === undefined) return desk.refuse(passage, refuse('GH-PEER-NO-DIALOG'))
    if (watcher.dialog.handleRequest(request) === 'out-of-order') {
      return desk.refuse(passage, { ...refuse('GH-PEER-NO-DIALOG', 'It is out of order.'), status: 500 })
    }
    const expiresS = expiresOf(request)
    const { from, to } = partiesOf(passage)
    const contact = this.#deps.contacts.of(passage.side, to, from.domain, callId)
    desk.accept(
      passage,
      this.#deps.answers.of(passage, 200, [
        ['Expires', String(expiresS)],
        ['Contact', contact],
      ]),
    )
    if (expiresS === 0) {
      this.#notify(watcher, 'timeout')
      return this.#deps.handOver.run(passage, destination, { kind: 'presence', type: 'unsubscribe' }, () => undefined)
    }
    this.#extend(watcher, expiresS * 1_000)
    this.#notify(watcher)
  }

  #extend(watcher: Watcher, forMs: number): void {
    watcher.untilMs = this.#deps.nowMs() + forMs
    this.#deps.wheel.remove(watcher.alarm)
    this.#deps.wheel.add(watcher.alarm, forMs)
  }

  /** One NOTIFY with all that is known. `ends`: why it is the last one. */
  #notify(watcher: Watcher, ends?: 'timeout' | 'rejected', onOutcome: OnOutcome = () => undefined): void {
    if (ends !== undefined) this.#remove(watcher)
    if (watcher.destination === NOWHERE) return onOutcome(failedOutcome(peerCodes, 'GH-PEER-SIP-NOTHING'))
    const restS = Math.max(0, Math.ceil((watcher.untilMs - this.#deps.nowMs()) / 1_000))
    const state = ends === undefined ? `${watcher.state};expires=${restS}` : `terminated;reason=${ends}`
    // nothing is shown before there is consent; then `unavailable` until the network says more (RFC 8048 §5.3.1)
    const isShown = watcher.state === 'active' && ends !== 'rejected'
    const event: PresenceEvent = watcher.known ?? { kind: 'presence', type: 'unavailable' }
    const body = isShown ? renderPidf(toSipUri(watcher.outside), event) : undefined
    const headers: HeaderPairs = [
      ...EVENT,
      ['Subscription-State', state],
      ...(body === undefined ? [] : ([['Content-Type', PIDF]] as const)),
    ]
    const contact = this.#deps.contacts.of(
      watcher.destination.to === 'inside' ? 'internal' : 'external',
      watcher.outside,
      watcher.user.domain,
      watcher.dialog.id.callId,
    )
    const { request } = watcher.dialog.createRequest('NOTIFY', [['Contact', contact], ...headers], body === undefined ? {} : { body })
    this.#deps.agent.send(watcher.destination, request, (answer) => {
      if (answer.ok && endsDialog(answer.response.status)) this.#remove(watcher)
      onOutcome(outcomeOfAnswer(answer))
    })
  }

  #remove(watcher: Watcher): void {
    this.#deps.wheel.remove(watcher.alarm)
    this.#byDialog.delete(dialogKey(watcher.dialog.id))
    const key = pairKey(watcher.outside, watcher.user)
    const others = this.#byPair.get(key)
    others?.delete(watcher)
    if (others?.size === 0) this.#byPair.delete(key)
  }
}

/** Where nobody is told anything yet. */
const NOWHERE: LinkDestination = { to: 'inside', domain: '' }
