import { type Delivery, endTaking, failedOutcome } from '@gatehouse/delivery'
import { type CodeEntry, errorsOf } from '@gatehouse/errors'
import type { Decision, DeliveryOutcome, Destination, ImAddress } from '@gatehouse/im-model'
import { type Attempt, type Outbox, type OutboxEnd, type Outboxes, type OutboxItem, type OutboxPort, outboxCodes } from '@gatehouse/outbox'
import { homeSystemOf, policyCodes } from '@gatehouse/policy-engine'
import { type DecideAgainDeps, decideAgain, type JudgedInput } from '@gatehouse/policy-follow'
import type { Tracer } from '@gatehouse/telemetry'
import { readAddressee, readSender } from '../admit/read-addresses.ts'
import { type Refusal, refuse } from '../admit/refusal.ts'
import type { Forwarder } from '../deliver/forwarder.ts'
import type { EdgeLog } from '../edge/connection.ts'
import { isAway } from '../endpoint/is-away.ts'
import { outcomeOfAnswer } from '../endpoint/outcome-of-answer.ts'
import type { UserAgent } from '../endpoint/user-agent.ts'
import { peerCodes } from '../errors.ts'
import type { Recorder } from '../record/recorder.ts'
import { isBySip, type LinkDestination } from '../route/link-targets.ts'
import { type CachedEvidence, Passage } from '../session/passage.ts'
import { conversationOf, laneOf, workIdOf } from './lane-name.ts'
import { lateDelivery } from './late-delivery.ts'
import type { NoticeTexts } from './notice-texts.ts'
import { PastConnection } from './past-connection.ts'
import { failureReceiptOf, noticeTo } from './sender-notice.ts'
import { decodeWaiting, encodeWaiting, type WaitingNotice, type WaitingRequest, waitingOf } from './waiting-message.ts'

/** What the gate asks of the outbox. */
export interface GateOutbox {
  /** Policy lets it wait, and it is of a kind that can: a page-mode message outside any dialog. `failureCode`: why there is no link. */
  mayWait(passage: Passage, failureCode?: string): boolean
  /** A message of the same conversation waits: this one must not overtake it. */
  isBehind(passage: Passage, destination: Destination): boolean
  /** Called once; undefined: it is kept, durably. */
  take(passage: Passage, destination: Destination, onTaken: (refusal: Refusal | undefined) => void): void
  /** The destination is there. */
  seen(destination: Destination): void
}

export interface SipOutboxDeps extends DecideAgainDeps {
  readonly evidence: CachedEvidence
  readonly agent: UserAgent
  readonly forwarder: Forwarder
  readonly recorder: Recorder
  readonly texts: NoticeTexts
  readonly log: EdgeLog
  readonly tracer: Tracer
  /** Sends an envelope of ours, to SIP and elsewhere. */
  readonly sendOwn: (delivery: Delivery) => Promise<DeliveryOutcome>
  readonly newId: (nowMs: number) => Uint8Array
  /** Ends the back-off of the links to it. */
  readonly forgive: (destination: LinkDestination) => void
  /** Our name towards the inside: home servers take nothing in our users’ own domain from a gate. */
  readonly insideName: string
}

const NOTICE_MAX_AGE_MS = 24 * 60 * 60_000
const UNAVAILABLE = 503
const MAX_REMEMBERED = 10_000
/** No link, and none to wait for: DNS knows no edge that may be taken, or we are the one that is going. */
const NOT_AWAY: ReadonlySet<string> = new Set(['GH-EDGE-LINK-NO-RECORD', 'GH-EDGE-LINK-DOMAIN-RULE', 'GH-EDGE-DRAINING'])
const errors = errorsOf(outboxCodes)

/**
 * What waits for SIP destinations, and what came by SIP for others and nobody else can keep: requests as they came, and word to the senders of
 * those that were given up.
 */
export class SipOutbox implements OutboxPort, GateOutbox {
  readonly name = 'sip'
  readonly #deps: SipOutboxDeps
  #outbox: Outbox | undefined
  #isStopped = false
  /** Where each lane was tried last. */
  readonly #tried = new Map<string, LinkDestination>()
  /** By id, what was given to another outbox: what becomes of it, that one says. */
  readonly #passedOn = new Set<string>()

  constructor(deps: SipOutboxDeps) {
    this.#deps = deps
  }

  async start(outboxes: Outboxes): Promise<void> {
    const outbox = await outboxes.open(this)
    await outbox.start()
    this.#outbox = outbox
  }

  /** Takes and delivers nothing more; resolves when what is under way has come to an end. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#outbox?.stop()
  }

  // ── GateOutbox ──

  mayWait(passage: Passage, failureCode = ''): boolean {
    if (this.#outbox === undefined || this.#isStopped || passage.decision?.queue === undefined || NOT_AWAY.has(failureCode)) return false
    return passage.kind === 'message' && passage.method === 'MESSAGE' && !passage.isInDialog
  }

  isBehind(passage: Passage, destination: Destination): boolean {
    if (!this.mayWait(passage)) return false
    const lane = laneOf(destination)
    // Nearly always nothing waits, and then no key need be made.
    return this.#outbox?.holdsAny(lane) === true && this.#outbox.isWaiting(lane, conversationOf(passage))
  }

  take(passage: Passage, destination: Destination, onTaken: (refusal: Refusal | undefined) => void): void {
    const { queue } = passage.decision as Decision
    if (this.#outbox === undefined || queue === undefined) return onTaken(refuse('GH-PEER-NEXT-HOP-AWAY'))
    const item: OutboxItem = {
      id: workIdOf(passage),
      destination: laneOf(destination),
      conversation: conversationOf(passage),
      from: `${passage.fromUser}@${passage.fromDomain}`,
      to: `${passage.toUser}@${passage.toDomain}`,
      acceptedAtMs: passage.nowMs,
      expiresAtMs: passage.nowMs + queue.maxAgeMs,
      uncertain: queue.uncertain,
      payload: encodeWaiting(waitingOf(passage)),
    }
    this.#outbox.put(item, (taken) => {
      if (taken.ok) return onTaken(undefined)
      const { diagnostics }: CodeEntry = outboxCodes[taken.code]
      const { code, sipStatus: status, detail: reason, isCertain } = taken
      onTaken({ code, status, reason, diagnostics, retryAfterS: 30, headers: [], isCertain })
    })
  }

  seen(destination: Destination): void {
    this.#outbox?.nudge(laneOf(destination))
  }

  // ── OutboxPort ──

  async deliver(item: OutboxItem): Promise<Attempt> {
    const waiting = decodeWaiting(item.payload)
    if (waiting === undefined) return given('GH-OUTBOX-UNREADABLE')
    if (waiting.kind === 'notice') return await this.#sendNotice(waiting)
    const span = this.#deps.tracer.resume(waiting.trace, 'outbox.deliver', 'consumer')
    const attempt = await this.#send(waiting, item)
    if (span !== undefined) endTaking(span, attempt.outcome)
    return attempt
  }

  wake(lane: string): void {
    const destination = this.#tried.get(lane)
    if (destination !== undefined) this.#deps.forgive(destination)
  }

  async ended(item: OutboxItem, end: OutboxEnd): Promise<void> {
    const waiting = decodeWaiting(item.payload)
    if (waiting?.kind !== 'request' || this.#passedOn.delete(item.id)) return
    const { recorder, nowMs } = this.#deps
    const { sipStatus: status, code, isCertain } = end
    if (waiting.envelopeId !== undefined) {
      const failure = await new Promise<string | undefined>((resolve) => {
        recorder.outcomeOf({ envelopeId: waiting.envelopeId as Uint8Array, status, code, isCertain, nowMs: nowMs() }, resolve)
      })
      if (failure !== undefined) throw errors('GH-OUTBOX-AWAY', failure)
    }
    if (end.result !== 'delivered') await this.#tellSender(waiting, item, end)
  }

  async #send(waiting: WaitingRequest, item: OutboxItem): Promise<Attempt> {
    const passage = this.#passageOf(waiting)
    const decision = await decideAgain(passage, this.#deps)
    if (decision === undefined) return { outcome: failedOutcome(peerCodes, 'GH-PEER-NO-POLICY'), holdsUp: 'destination' }
    passage.decision = decision
    const { destination } = decision
    if (decision.verdict === 'deny' || destination === undefined) return deniedAttempt(decision)
    if (!isBySip(destination)) return await this.#handOver(waiting, passage, destination, item)
    if (this.#tried.size >= MAX_REMEMBERED) this.#tried.clear()
    this.#tried.set(laneOf(destination), destination)
    const forwarded = this.#deps.forwarder.prepare(passage, destination)
    if (!('branch' in forwarded)) return refusedAttempt(forwarded)
    // The agent puts its own on top, with a branch of its own for each attempt; Call-ID, CSeq and From tag stay those of the sender.
    forwarded.request.headers.removeFirstValue('via')
    return await new Promise((resolve) => {
      this.#deps.agent.send(destination, forwarded.request, (answer) => {
        const isAway = answer.ok ? answer.response.status === UNAVAILABLE : true
        resolve({ outcome: outcomeOfAnswer(answer), holdsUp: isAway ? 'destination' : 'nothing' })
      })
    })
  }

  /** To a home system or a network that SIP does not lead to, by the service that owns it. */
  async #handOver(waiting: WaitingRequest, passage: Passage, destination: Destination, item: OutboxItem): Promise<Attempt> {
    const delivery = lateDelivery({ waiting, passage, destination, item, nowMs: this.#deps.nowMs() })
    if (delivery === undefined) return { outcome: failedOutcome(peerCodes, 'GH-PEER-CONTENT'), holdsUp: 'nothing' }
    const outcome = await this.#deps.sendOwn(delivery)
    if (outcome.status === 'queued') this.#passedOn.add(item.id)
    if (isAway(outcome)) return { outcome, holdsUp: 'destination' }
    return { outcome, holdsUp: outcome.code === 'GH-BRIDGE-BUSY' ? 'conversation' : 'nothing' }
  }

  #passageOf(waiting: WaitingRequest): Passage {
    const { request, side, peer, remote, bound } = waiting
    const connection = new PastConnection(side, peer, remote)
    const passage = new Passage(undefined, request, connection, bound, this.#deps.evidence, this.#deps.nowMs())
    readSender(passage)
    readAddressee(passage)
    return passage
  }

  async #sendNotice(notice: WaitingNotice): Promise<Attempt> {
    const { delivery, receiptOf: of, receiptState: state } = notice
    if (of !== '') {
      const content = { kind: 'receipt', of, state, code: '' } as const
      const outcome = await this.#deps.sendOwn({ ...delivery, envelope: { ...delivery.envelope, content } })
      // Its server does not let receipts through: then in words.
      if (outcome.code !== 'GH-PEER-SIP-NOTHING') return noticeAttempt(outcome)
    }
    return noticeAttempt(await this.#deps.sendOwn(delivery))
  }

  async #tellSender(waiting: WaitingRequest, item: OutboxItem, end: OutboxEnd): Promise<void> {
    const { texts, log, newId, nowMs } = this.#deps
    const receiptOf = failureReceiptOf(waiting.request)
    if (receiptOf === '' && !texts.enabled) return
    const passage = this.#passageOf(waiting)
    const destination = await this.#senderAt(passage)
    const facts = { from: item.from, to: item.to, code: end.code }
    if (destination === undefined) return log.warn(facts, 'a sender could not be told: policy lets nothing go to them')
    const notice: WaitingNotice = {
      kind: 'notice',
      delivery: noticeTo({ passage, item, end, destination, texts, from: this.#gateAddress(passage), id: newId(nowMs()) }),
      receiptOf,
      receiptState: end.isCertain ? 'failed' : 'error',
    }
    const told: OutboxItem = {
      id: `${item.id}-end`,
      destination: laneOf(destination),
      conversation: `notices > ${item.from}`,
      from: `${notice.delivery.envelope.from.user}@${notice.delivery.envelope.from.domain}`,
      to: item.from,
      acceptedAtMs: nowMs(),
      expiresAtMs: nowMs() + NOTICE_MAX_AGE_MS,
      uncertain: 'retry', // told twice is better than not told
      payload: encodeWaiting(notice),
    }
    await new Promise<void>((resolve, reject) => {
      this.#outbox?.put(told, (taken) => {
        if (taken.ok) return resolve()
        if (taken.code !== 'GH-OUTBOX-FULL') return reject(errors('GH-OUTBOX-AWAY', taken.detail))
        log.warn({ ...facts, detail: taken.detail }, 'a sender could not be told')
        resolve()
      })
    })
  }

  /** Partners take messages from us in our users' domains only; our own home servers take none in those from outside. */
  #gateAddress(passage: Passage): ImAddress {
    const domain = passage.side === 'internal' ? this.#deps.insideName : passage.toDomain
    return { user: this.#deps.texts.user, domain }
  }

  /** Where the sender of a message is reached by us; undefined: policy says not at all. */
  async #senderAt(passage: Passage): Promise<Destination | undefined> {
    if (passage.side === 'internal') return { to: 'inside', domain: passage.fromDomain }
    const from = this.#gateAddress(passage)
    const snapshot = this.#deps.snapshot(this.#deps.nowMs())
    const home = snapshot === undefined ? 'sip' : homeSystemOf(snapshot, from.domain)
    const input: JudgedInput = {
      nowMs: this.#deps.nowMs(),
      side: 'internal',
      bound: { peerClass: 'inside', partner: '' },
      // nobody in a domain of another home system could say it by SIP
      bridge: home === 'sip' ? undefined : { protocol: home, evidence: 'V3' },
      kind: 'receipt',
      method: 'MESSAGE',
      fromUser: from.user,
      fromDomain: from.domain,
      toUser: passage.fromUser,
      toDomain: passage.fromDomain,
      assertedDomains: [],
      assertedMark: undefined,
      isInDialog: false,
      peer: passage.peer,
      srv: (domain) => passage.srv(domain),
      facts: (user) => passage.facts(user),
      keepEvidence: (domain, evidence) => passage.keepEvidence(domain, evidence),
      keepFacts: (user, known) => passage.keepFacts(user, known),
    }
    return (await decideAgain(input, this.#deps))?.destination
  }
}

/** Refused by today's policy: for good, or for now. */
function deniedAttempt(decision: Decision): Attempt {
  const entry: CodeEntry | undefined = (policyCodes as Readonly<Record<string, CodeEntry>>)[decision.code]
  const { code, reason: detail, sipStatus } = decision
  const outcome = { status: 'failed', code, detail, isCertain: true, retry: entry?.retry ?? 'never', sipStatus, remoteId: '' } as const
  return { outcome, holdsUp: entry?.retry === 'later' ? 'conversation' : 'nothing' }
}

function refusedAttempt({ code, reason: detail, status: sipStatus }: Refusal): Attempt {
  return { outcome: { status: 'failed', code, detail, isCertain: true, retry: 'never', sipStatus, remoteId: '' }, holdsUp: 'nothing' }
}

function noticeAttempt(outcome: DeliveryOutcome): Attempt {
  return { outcome, holdsUp: outcome.code === 'GH-PEER-NEXT-HOP-AWAY' || outcome.code === 'GH-PEER-BUSY' ? 'destination' : 'nothing' }
}

function given(code: 'GH-OUTBOX-UNREADABLE'): Attempt {
  return { outcome: failedOutcome(outboxCodes, code), holdsUp: 'nothing' }
}
