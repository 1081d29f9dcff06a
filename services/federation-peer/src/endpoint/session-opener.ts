import type { TimerWheel } from '@gatehouse/bus'
import type { Delivery } from '@gatehouse/delivery'
import { Dialog, type SipRequest, type SipResponse } from '@gatehouse/sip-core'
import type { LinkDestination } from '../route/link-targets.ts'
import type { OwnNames } from '../route/own-names.ts'
import { callIdOf } from './call-id.ts'
import { readImSdp, renderImSdp } from './content/im-sdp.ts'
import { toSipUri } from './content/sip-address.ts'
import { type ImSession, type ImSessions, pairKey } from './im-sessions.ts'
import type { OwnContacts } from './own-contact.ts'
import { createOwnRequest, markOwnMessage } from './own-request.ts'
import { type SentRequest, type SipAnswer, sideOf, type UserAgent } from './user-agent.ts'
import { WheelAlarm } from './wheel-alarm.ts'

/** More that wait for one session than this are turned away: a person does not write so much before the other end answers. */
const MAX_WAITING = 200
/** The asker is told a little before it gives up by itself. */
const MARGIN_MS = 500

/** A session that is open now, or the answer to the INVITE that opened none. */
export type Opening = { readonly ok: true; readonly session: ImSession } | { readonly ok: false; readonly answer: SipAnswer }

export interface SessionOpenerDeps {
  readonly agent: UserAgent
  readonly sessions: ImSessions
  readonly contacts: OwnContacts
  readonly own: OwnNames
  readonly wheel: TimerWheel
  readonly newTag: () => string
}

/** Opens sessions with SIP users: INVITE, ACK (RFC 3261 §13.2). Whoever writes meanwhile waits, in order. */
export class SessionOpener {
  readonly #deps: SessionOpenerDeps
  readonly #waiting = new Map<string, ((opening: Opening) => void)[]>()

  constructor(deps: SessionOpenerDeps) {
    this.#deps = deps
  }

  isOpening(delivery: Delivery): boolean {
    return this.#waiting.has(pairKey(delivery.envelope.from, delivery.envelope.to))
  }

  open(delivery: Delivery, destination: LinkDestination, onDone: (opening: Opening) => void): void {
    const key = pairKey(delivery.envelope.from, delivery.envelope.to)
    const waiting = this.#waiting.get(key)
    if (waiting !== undefined) {
      if (waiting.length < MAX_WAITING) waiting.push(onDone)
      else onDone({ ok: false, answer: { ok: false, why: 'busy', detail: 'Too many wait for the session.', status: 503 } })
      return
    }
    this.#waiting.set(key, [onDone])
    this.#invite(delivery, destination, (opening) => {
      const all = this.#waiting.get(key) ?? []
      this.#waiting.delete(key)
      for (const each of all) each(opening)
    })
  }

  #invite(delivery: Delivery, destination: LinkDestination, onDone: (opening: Opening) => void): void {
    const request = this.#request(delivery, destination)
    let ownTag = ''
    const deadline = new WheelAlarm(() => sent.cancel())
    const sent: SentRequest = this.#deps.agent.send(
      destination,
      request,
      (answer) => {
        this.#deps.wheel.remove(deadline)
        const opening = this.#settle(delivery, destination, request, answer)
        if (opening.ok) ownTag = opening.session.dialog.id.remoteTag
        onDone(opening)
      },
      (response) => this.#endSurplus(destination, request, response, ownTag),
    )
    // a phone that only rings must not keep the sender waiting: CANCEL, and the 487 tells
    this.#deps.wheel.add(deadline, Math.max(delivery.timeoutMs - MARGIN_MS, MARGIN_MS))
  }

  #settle(delivery: Delivery, destination: LinkDestination, request: SipRequest, answer: SipAnswer): Opening {
    if (!answer.ok || answer.response.status >= 300) return { ok: false, answer }
    const dialog = Dialog.ofSent(request, answer.response)
    if (dialog === undefined) return { ok: false, answer: NO_CONTACT }
    this.#acknowledge(destination, request, dialog)
    const media = readImSdp(answer.response.body)
    const { from, to } = delivery.envelope
    const session = this.#deps.sessions.add({ dialog, outside: from, user: to, acceptTypes: media?.acceptTypes ?? [], destination })
    return { ok: true, session }
  }

  /** RFC 3261 §13.2.2.4: every 2xx gets its ACK; that of another phone, which answered too late, its BYE as well. */
  #endSurplus(destination: LinkDestination, request: SipRequest, response: SipResponse, takenTag: string): void {
    const dialog = Dialog.ofSent(request, response)
    if (dialog === undefined) return
    this.#acknowledge(destination, request, dialog)
    if (dialog.id.remoteTag !== takenTag) this.#deps.agent.send(destination, dialog.createRequest('BYE').request, () => undefined)
  }

  #acknowledge(destination: LinkDestination, request: SipRequest, dialog: Dialog): void {
    const ack = dialog.createRequest('ACK', [], { ackOf: request.cseq()?.number ?? 1 })
    this.#deps.agent.acknowledge(destination, ack.request)
  }

  #request(delivery: Delivery, destination: LinkDestination): SipRequest {
    const { own, contacts, newTag } = this.#deps
    const side = sideOf(destination)
    const { host, port } = own.of(side)
    const { from, to, conversation } = delivery.envelope
    const request = createOwnRequest({
      method: 'INVITE',
      delivery,
      fromTag: newTag(),
      host,
      headers: [
        ['Contact', contacts.of(side, from, to.domain, callIdOf(conversation, host))],
        ['Allow', 'INVITE, ACK, CANCEL, BYE, MESSAGE, INFO, UPDATE, OPTIONS'],
        ['Content-Type', 'application/sdp'],
      ],
      body: renderImSdp(host, port, toSipUri(from)),
    })
    markOwnMessage(request, delivery, destination, own)
    return request
  }
}

const NO_CONTACT: SipAnswer = { ok: false, why: 'broken', detail: 'It accepted a session without saying where it is.', status: 502 }
