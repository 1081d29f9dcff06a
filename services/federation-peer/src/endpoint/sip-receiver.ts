import type { Decision, DeliveryOutcome, Destination, ImContent } from '@gatehouse/im-model'
import type { OutboxCode } from '@gatehouse/outbox'
import { Dialog, type SipRequest, type SipResponse } from '@gatehouse/sip-core'
import { type Refusal, refuse } from '../admit/refusal.ts'
import type { PeerCode } from '../errors.ts'
import type { OwnNames } from '../route/own-names.ts'
import type { Passage } from '../session/passage.ts'
import { ACCEPTED_TYPES, type ImSession as ImMedia, readImSdp, renderImSdp } from './content/im-sdp.ts'
import { toSipUri } from './content/sip-address.ts'
import { partiesOf } from './envelope-of.ts'
import type { HandOver } from './hand-over.ts'
import type { ImSessions } from './im-sessions.ts'
import { isForUsToKeep } from './is-away.ts'
import type { OutsideAnswers } from './outside-answers.ts'
import type { OwnContacts } from './own-contact.ts'
import type { HeaderPairs } from './own-request.ts'
import type { SipWatchers } from './presence/sip-watchers.ts'
import type { WatchedUsers } from './presence/watched-users.ts'
import { readContent } from './read-content.ts'
import { statusOf } from './status-table.ts'

const ALLOWED = 'INVITE, ACK, CANCEL, BYE, MESSAGE, INFO, UPDATE, OPTIONS, SUBSCRIBE, NOTIFY'
const ALLOW: HeaderPairs = [['Allow', ALLOWED]]
const ACCEPT: HeaderPairs = [['Accept', ACCEPTED_TYPES.replaceAll(' ', ', ')]]
/** Refusals of the kind, not of the person: a session may be open all the same with people who know no sessions. */
const KNOWS_NO_SESSIONS: ReadonlySet<number> = new Set([405, 415, 481, 488, 501])

/** Where an answer is given; the gate. */
export interface AnswerDesk {
  /** `code`: what it was accepted for, when that is not its delivery. */
  accept(passage: Passage, response: SipResponse, code?: OutboxCode): void
  refuse(passage: Passage, refusal: Refusal): void
  /** The destination is away, and certainly has nothing of it. False: it cannot wait for it. */
  wait(passage: Passage, destination: Destination): boolean
}

export interface SipReceiverDeps {
  readonly handOver: HandOver
  readonly sessions: ImSessions
  readonly contacts: OwnContacts
  readonly own: OwnNames
  readonly watchers: SipWatchers
  readonly watched: WatchedUsers
  readonly answers: OutsideAnswers
}

/** The server side of the user agent: what SIP users say to people elsewhere becomes envelopes, and the outcome their answer. */
export class SipReceiver {
  readonly #deps: SipReceiverDeps

  constructor(deps: SipReceiverDeps) {
    this.#deps = deps
  }

  /** An admitted and recorded request. It is answered at the desk exactly once. */
  take(passage: Passage, destination: Destination, desk: AnswerDesk): void {
    if (passage.request.to()?.tag !== undefined && !passage.endsHere) return this.#refuse(passage, desk, 'GH-PEER-NO-DIALOG')
    const required = passage.request.headers.values('Require')
    if (required.length > 0) return this.#refuse(passage, desk, 'GH-PEER-EXTENSION', [['Unsupported', required.join(', ')]]) // RFC 3261 §8.2.2.3
    if (passage.isInDialog && this.#isOutOfOrder(passage)) {
      return desk.refuse(passage, { ...refuse('GH-PEER-NO-DIALOG', 'It is out of order.'), status: 500 }) // RFC 3261 §12.2.2
    }
    switch (passage.method) {
      case 'MESSAGE':
      case 'INFO':
        return this.#takeContent(passage, destination, desk)
      case 'INVITE':
        return this.#takeInvite(passage, destination, desk)
      case 'BYE':
        return this.#takeBye(passage, destination, desk)
      case 'SUBSCRIBE':
        return this.#deps.watchers.take(passage, destination, desk)
      case 'NOTIFY':
        return this.#deps.watched.take(passage, destination, desk)
      case 'UPDATE':
      case 'OPTIONS':
        return desk.accept(passage, this.#deps.answers.of(passage, 200, [...ALLOW, ...ACCEPT]))
      default:
        return this.#refuse(passage, desk, 'GH-PEER-METHOD-NOT-CARRIED', ALLOW)
    }
  }

  /** ACK needs nothing: the session is open since its 200. */
  takeUnanswered(passage: Passage, destination: Destination): void {
    if (passage.method === 'BENOTIFY') this.#deps.watched.takeUnanswered(passage, destination)
  }

  #isOutOfOrder(passage: Passage): boolean {
    const session = this.#sessionOf(passage)
    return session !== undefined && session.dialog.handleRequest(passage.request) === 'out-of-order'
  }

  #sessionOf(passage: Passage): ReturnType<ImSessions['find']> {
    const { from, to } = partiesOf(passage)
    return this.#deps.sessions.find(to, from, passage.callId, passage.request.to()?.tag ?? '')
  }

  #takeContent(passage: Passage, destination: Destination, desk: AnswerDesk): void {
    const content = readContent(passage.request, passage.decision?.rewrite)
    if (content === 'unreadable') return this.#refuse(passage, desk, 'GH-PEER-CONTENT', ACCEPT)
    if (content === 'nothing') return desk.accept(passage, this.#deps.answers.of(passage, 200))
    this.#deps.handOver.run(passage, destination, content, (outcome) => {
      if (outcome.status === 'failed') {
        if (isForUsToKeep(outcome, passage.decision as Decision) && desk.wait(passage, destination)) return
        desk.refuse(passage, this.#deps.answers.refusalOf(passage, outcome))
      } else desk.accept(passage, this.#deps.answers.of(passage, statusOf(outcome, passage.method, passage.isInDialog)), codeOf(outcome))
    })
  }

  #takeInvite(passage: Passage, destination: Destination, desk: AnswerDesk): void {
    const { request } = passage
    const content = readContent(request, passage.decision?.rewrite)
    const media = mediaOf(request)
    if (media === undefined || content === 'unreadable') return this.#refuse(passage, desk, 'GH-PEER-NO-CALLS')
    if (passage.isInDialog) return desk.accept(passage, this.#acceptInvite(passage, media, false))
    const first = content === 'nothing' ? SESSION_OPENS : content
    this.#deps.handOver.run(passage, destination, first, (outcome) => {
      if (passage.stage !== 'deliver') return // cancelled meanwhile
      const isRefused = outcome.status === 'failed' && !(first === SESSION_OPENS && KNOWS_NO_SESSIONS.has(outcome.sipStatus))
      if (isRefused) return desk.refuse(passage, this.#deps.answers.refusalOf(passage, outcome))
      const response = this.#acceptInvite(passage, media, content !== 'nothing')
      this.#remember(passage, response, media)
      desk.accept(passage, response, codeOf(outcome))
    })
  }

  #remember(passage: Passage, response: SipResponse, media: ImMedia): void {
    const dialog = Dialog.ofReceived(passage.request, response)
    if (dialog === undefined) return // without a Contact nothing can be sent in it; what comes in it is taken all the same
    const { from, to } = partiesOf(passage)
    const destination = passage.side === 'internal' ? ({ to: 'inside', domain: from.domain } as const) : undefined
    this.#deps.sessions.add({ dialog, outside: to, user: from, acceptTypes: media.acceptTypes, destination })
  }

  #takeBye(passage: Passage, destination: Destination, desk: AnswerDesk): void {
    const session = this.#sessionOf(passage)
    if (session !== undefined) this.#deps.sessions.remove(session)
    // RFC 3261 §15.1.2: the session is over, whatever anybody makes of that
    this.#deps.handOver.run(passage, destination, SESSION_CLOSES, () => desk.accept(passage, this.#deps.answers.of(passage, 200)))
  }

  /** RFC 3261 §13.3.1.4: accepted, with our side of the session. `Supported: ms-text-format`: the first message was taken (lcs-edge §12.1). */
  #acceptInvite(passage: Passage, media: ImMedia, tookFirst: boolean): SipResponse {
    const { from, to } = partiesOf(passage)
    const { host, port } = this.#deps.own.of(passage.side)
    const headers: (readonly [string, string])[] = [
      ['Contact', this.#deps.contacts.of(passage.side, to, from.domain, passage.callId)],
      ...ALLOW,
      ['Content-Type', 'application/sdp'],
    ]
    if (tookFirst && passage.request.headers.has('ms-text-format')) headers.push(['Supported', 'ms-text-format'])
    return this.#deps.answers.of(passage, 200, headers, renderImSdp(host, port, toSipUri(to), media.media))
  }

  #refuse(passage: Passage, desk: AnswerDesk, code: PeerCode, headers?: HeaderPairs): void {
    desk.refuse(passage, headers === undefined ? refuse(code) : refuse(code, '', { headers }))
  }
}

function codeOf({ status }: DeliveryOutcome): OutboxCode | undefined {
  return status === 'queued' ? 'GH-OUTBOX-QUEUED' : undefined
}

/** Undefined: a description of something else. Without any (RFC 3261 §13.2.1, or text in its place) the session is one of messages. */
function mediaOf(request: SipRequest): ImMedia | undefined {
  const contentType = (request.headers.first('Content-Type') ?? '').toLowerCase()
  if (request.body.byteLength === 0 || contentType.startsWith('text/')) return WITHOUT_DESCRIPTION
  return contentType.startsWith('application/sdp') ? readImSdp(request.body) : undefined
}

const SESSION_OPENS: ImContent = { kind: 'session', state: 'open' }
const SESSION_CLOSES: ImContent = { kind: 'session', state: 'closed' }
const WITHOUT_DESCRIPTION: ImMedia = { media: 'message', acceptTypes: [] }
