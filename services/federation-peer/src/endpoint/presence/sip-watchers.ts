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
import type { DialogRecord, SiblingDialogs } from '../sibling-dialogs.ts'
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
  /** Undefined: nothing, or nothing that this replica heard. */
  known: PresenceEvent | undefined
  readonly generation: number
  /** What the other replicas know of it. */
  record: DialogRecord | undefined
}

export interface SipWatchersDeps {
  readonly agent: UserAgent
  readonly handOver: HandOver
  readonly answers: OutsideAnswers
  readonly contacts: OwnContacts
  readonly wheel: TimerWheel
  readonly siblings: SiblingDialogs
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
      this.#learn(watcher, event)
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
    const watcher = this.#add({ dialog, outside: to, user: from, destination, generation: 0, isActive: false })
    this.#extend(watcher, expiresS === 0 ? POLL_MS : expiresS * 1_000)
    if (expiresS > 0) this.#notify(watcher) // RFC 6665 §4.2.1.2: at once
  }

  /** Goes on with a subscription that another replica had. */
  restore(record: DialogRecord): void {
    const { dialog: state, outside, user, generation, isActive, untilMs } = record
    const forMs = untilMs - this.#deps.nowMs()
    if (state === undefined || forMs <= 0) return
    const dialog = Dialog.restore(state)
    if (this.#byDialog.has(dialogKey(dialog.id))) return
    this.#extend(this.#add({ dialog, outside, user, destination: NOWHERE, generation, isActive }), forMs)
  }

  /** Another replica has it now. */
  lose(record: DialogRecord): void {
    const watcher = record.dialog && this.#byDialog.get(dialogKey(record.dialog.id))
    if (watcher !== undefined) this.#remove(watcher)
  }

  #add(facts: {
    dialog: Dialog
    outside: ImAddress
    user: ImAddress
    destination: LinkDestination
    generation: number
    isActive: boolean
  }): Watcher {
    const watcher: Watcher = {
      ...facts,
      alarm: new WheelAlarm(() => this.#notify(watcher, 'timeout')),
      untilMs: 0,
      state: facts.isActive ? 'active' : 'pending',
      known: undefined,
      record: undefined,
    }
    this.#byDialog.set(dialogKey(facts.dialog.id), watcher)
    const key = pairKey(facts.outside, facts.user)
    this.#byPair.set(key, (this.#byPair.get(key) ?? new Set()).add(watcher))
    return watcher
  }

  #learn(watcher: Watcher, event: PresenceEvent): void {
    if (event.type === 'unsubscribed') return
    if (event.type === 'available' || event.type === 'unavailable') watcher.known = event
    // with consent and until the network says more, there is nobody to be seen (RFC 8048 §5.3.1)
    else watcher.known ??= NOT_SEEN
    if (watcher.state === 'active') return
    // who sees presence has consent, in whatever order the network says so
    watcher.state = 'active'
    this.#announce(watcher)
  }

  #announce(watcher: Watcher): void {
    const { dialog, outside, user, generation, untilMs, state } = watcher
    watcher.record = {
      kind: 'watcher',
      pair: pairKey(outside, user),
      generation,
      outside,
      user,
      dialog: dialog.state(),
      acceptTypes: [],
      isActive: state === 'active',
      untilMs,
    }
    this.#deps.siblings.has(watcher.record)
  }

  /** RFC 6665 §4.4.1 and §4.1.2.2: again, or no longer. A replica that does not know it says 481, and the watcher begins anew. */
  #refresh(passage: Passage, destination: Destination, desk: AnswerDesk): void {
    const { callId, request } = passage
    const { from, to } = partiesOf(passage)
    const id = { callId, localTag: request.to()?.tag ?? '', remoteTag: request.from()?.tag ?? '' }
    const taken = this.#byDialog.has(dialogKey(id))
      ? undefined
      : this.#deps.siblings.takeDialog('watcher', pairKey(to, from), callId, id.localTag)
    if (taken !== undefined) this.restore(taken)
    const watcher = this.#byDialog.get(dialogKey(id))
    if (watcher === undefined) return desk.refuse(passage, refuse('GH-PEER-NO-DIALOG'))
    if (watcher.dialog.handleRequest(request) === 'out-of-order') {
      return desk.refuse(passage, { ...refuse('GH-PEER-NO-DIALOG', 'It is out of order.'), status: 500 })
    }
    const expiresS = expiresOf(request)
    if (passage.side === 'internal') watcher.destination = { to: 'inside', domain: from.domain }
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
    // what the replica before this one had heard is asked for again
    if (taken !== undefined) this.#deps.handOver.run(passage, destination, { kind: 'presence', type: 'probe' }, () => undefined)
  }

  #extend(watcher: Watcher, forMs: number): void {
    watcher.untilMs = this.#deps.nowMs() + forMs
    this.#deps.wheel.remove(watcher.alarm)
    this.#deps.wheel.add(watcher.alarm, forMs)
    this.#announce(watcher)
  }

  /** One NOTIFY with all that is known. `ends`: why it is the last one. */
  #notify(watcher: Watcher, ends?: 'timeout' | 'rejected', onOutcome: OnOutcome = () => undefined): void {
    if (ends !== undefined) this.#remove(watcher)
    if (watcher.destination === NOWHERE) return onOutcome(failedOutcome(peerCodes, 'GH-PEER-SIP-NOTHING'))
    const restS = Math.max(0, Math.ceil((watcher.untilMs - this.#deps.nowMs()) / 1_000))
    const state = ends === undefined ? `${watcher.state};expires=${restS}` : `terminated;reason=${ends}`
    const body = watcher.known === undefined || ends === 'rejected' ? undefined : renderPidf(toSipUri(watcher.outside), watcher.known)
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
    if (watcher.record !== undefined) this.#deps.siblings.ended(watcher.record)
    this.#byDialog.delete(dialogKey(watcher.dialog.id))
    const key = pairKey(watcher.outside, watcher.user)
    const others = this.#byPair.get(key)
    others?.delete(watcher)
    if (others?.size === 0) this.#byPair.delete(key)
  }
}

const NOT_SEEN: PresenceEvent = { kind: 'presence', type: 'unavailable' }
/** Where nobody is told anything yet. */
const NOWHERE: LinkDestination = { to: 'inside', domain: '' }
