import { type Delivery, failedOutcome, queuedOutcome } from '@gatehouse/delivery'
import { type CodeEntry, errorsOf } from '@gatehouse/errors'
import type { Decision, DeliveryOutcome, Destination } from '@gatehouse/im-model'
import { type Attempt, type Outbox, type OutboxEnd, type Outboxes, type OutboxItem, type OutboxPort, outboxCodes } from '@gatehouse/outbox'
import { homeSystemOf, isInternalDomain, policyCodes } from '@gatehouse/policy-engine'
import { type DecideAgainDeps, decideAgain } from '@gatehouse/policy-follow'
import type { Logger } from '@gatehouse/telemetry'
import { bridgeCodes } from '../../errors.ts'
import { rewritten } from '../inbound/message-text.ts'
import type { KnownEvidence } from '../inbound/passage.ts'
import type { Recorder } from '../inbound/recorder.ts'
import { isAway } from './is-away.ts'
import { judgedMessage, judgedWord } from './judge-again.ts'
import { conversationOf, type LaneNames } from './lane-names.ts'
import { decodeWaiting, encodeWaiting, type Origin, type WaitingMessage } from './waiting-delivery.ts'

export interface BridgeOutboxDeps extends DecideAgainDeps {
  readonly known: KnownEvidence
  readonly lanes: LaneNames
  readonly recorder: Pick<Recorder, 'endOf'>
  /** Asks whoever owns the destination; never rejects. */
  readonly deliver: (delivery: Delivery) => Promise<DeliveryOutcome>
  readonly log: Logger
}

const WORD_MAX_AGE_MS = 24 * 60 * 60_000
/** How long one attempt may take. */
const ATTEMPT_MS = 30_000
const errors = errorsOf(outboxCodes)

/** What waits for networks and home systems that are away, and for the SIP side where it was a network that brought it. */
export class BridgeOutbox implements OutboxPort {
  /** Also the name of the work queue: one for all networks, for a replica asks whoever runs them. */
  readonly name = 'networks'
  readonly #deps: BridgeOutboxDeps
  #outbox: Outbox | undefined
  #isStopped = false

  constructor(deps: BridgeOutboxDeps) {
    this.#deps = deps
  }

  /** Learns what waits; until it resolves nothing may be taken in. */
  async start(outboxes: Outboxes): Promise<void> {
    const outbox = await outboxes.open(this)
    await outbox.start()
    this.#outbox = outbox
  }

  /** The way to the networks is open: what failed before that does not wait out its back-off. */
  async ready(): Promise<void> {
    await this.#outbox?.retry('')
  }

  /** Takes and delivers nothing more; resolves when what is under way has come to an end. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#outbox?.stop()
  }

  /** Policy lets it wait, and it is of a kind that is worth something later. */
  mayWait({ envelope, decision, waited }: Delivery): boolean {
    if (this.#outbox === undefined || this.#isStopped || waited === true) return false
    return decision.queue !== undefined && envelope.content.kind === 'message'
  }

  /** A message of the same two people waits: this one must not overtake it. */
  isBehind(delivery: Delivery): boolean {
    if (!this.mayWait(delivery)) return false
    const lane = this.#deps.lanes.of(delivery)
    return this.#outbox?.holdsAny(lane) === true && this.#outbox.isWaiting(lane, conversationOf(delivery))
  }

  /** Keeps it, durably: `queued`, or why not. */
  async take(delivery: Delivery, origin: Origin): Promise<DeliveryOutcome> {
    const { queue } = delivery.decision
    if (queue === undefined) return failedOutcome(bridgeCodes, 'GH-BRIDGE-STOPPED')
    const nowMs = this.#deps.nowMs()
    const { id, from, to } = delivery.envelope
    const waiting: WaitingMessage = { kind: 'message', origin, delivery: { ...delivery, forwardedBy: '', waited: true } }
    return await this.#put({
      id: Buffer.from(id).toString('hex'),
      destination: this.#deps.lanes.of(delivery),
      conversation: conversationOf(delivery),
      from: `${from.user}@${from.domain}`,
      to: `${to.user}@${to.domain}`,
      acceptedAtMs: nowMs,
      expiresAtMs: nowMs + queue.maxAgeMs,
      uncertain: queue.uncertain,
      payload: encodeWaiting(waiting),
    })
  }

  /** The destination is there. */
  seen(lane: string): void {
    this.#outbox?.nudge(lane)
  }

  // ── OutboxPort ──

  async deliver(item: OutboxItem): Promise<Attempt> {
    const waiting = decodeWaiting(item.payload)
    if (waiting === undefined) return { outcome: failedOutcome(outboxCodes, 'GH-OUTBOX-UNREADABLE'), holdsUp: 'nothing' }
    return waiting.kind === 'word' ? await this.#attempt(waiting.delivery) : await this.#deliverAgain(waiting)
  }

  async ended(item: OutboxItem, end: OutboxEnd): Promise<void> {
    const waiting = decodeWaiting(item.payload)
    if (waiting?.kind !== 'message') return
    const { recorder, nowMs } = this.#deps
    if (waiting.delivery.decision.isOnRecord === true) {
      const { sipStatus: status, code, isCertain } = end
      const failure = await recorder.endOf({ envelopeId: waiting.delivery.envelope.id, status, code, isCertain }, nowMs())
      if (failure !== undefined) throw errors('GH-OUTBOX-AWAY', failure)
    }
    if (end.result !== 'delivered') await this.#tellSender(waiting, item, end)
  }

  async #deliverAgain(waiting: WaitingMessage): Promise<Attempt> {
    const { known, nowMs } = this.#deps
    const decision = await decideAgain(judgedMessage(waiting, known, nowMs()), this.#deps)
    if (decision === undefined) return { outcome: failedOutcome(bridgeCodes, 'GH-BRIDGE-NO-POLICY'), holdsUp: 'destination' }
    const { destination } = decision
    if (decision.verdict === 'deny' || destination === undefined) return deniedAttempt(decision)
    return await this.#attempt(decidedAgain(waiting.delivery, decision, destination))
  }

  async #attempt(delivery: Delivery): Promise<Attempt> {
    const outcome = await this.#deps.deliver({ ...delivery, timeoutMs: ATTEMPT_MS, waited: true })
    if (isAway(outcome)) return { outcome, holdsUp: 'destination' }
    return { outcome, holdsUp: outcome.code === 'GH-BRIDGE-BUSY' ? 'conversation' : 'nothing' }
  }

  /** Its word waits itself while the sender's side is away. */
  async #tellSender(waiting: WaitingMessage, item: OutboxItem, end: OutboxEnd): Promise<void> {
    const { nowMs, lanes, log } = this.#deps
    const facts = { from: item.from, to: item.to, code: end.code }
    const destination = await this.#senderAt(waiting)
    if (destination === undefined) return log.warn(facts, 'a sender could not be told: policy lets nothing go to them')
    const delivery = wordOf(waiting.delivery, item, end, destination)
    const kept = await this.#put({
      id: `${item.id}-end`,
      destination: lanes.of(delivery),
      conversation: `words > ${item.from}`,
      from: item.to,
      to: item.from,
      acceptedAtMs: nowMs(),
      expiresAtMs: nowMs() + WORD_MAX_AGE_MS,
      uncertain: 'retry', // told twice is better than not told
      payload: encodeWaiting({ kind: 'word', delivery }),
    })
    if (kept.status !== 'failed') return
    if (kept.code !== 'GH-OUTBOX-FULL') throw errors('GH-OUTBOX-AWAY', kept.detail)
    log.warn({ ...facts, detail: kept.detail }, 'a sender could not be told')
  }

  /** Where the sender of a message is reached; undefined: policy says not at all. */
  async #senderAt(waiting: WaitingMessage): Promise<Destination | undefined> {
    const { snapshot, known, nowMs } = this.#deps
    const { from, to } = waiting.delivery.envelope
    const inForce = snapshot(nowMs())
    if (inForce === undefined) throw errors('GH-OUTBOX-AWAY', 'No policy is in force.')
    if (isInternalDomain(inForce, from.domain)) {
      const home = homeSystemOf(inForce, from.domain)
      return home === 'sip' ? { to: 'inside', domain: from.domain } : { to: 'inside', domain: from.domain, port: home }
    }
    const decision = await decideAgain(judgedWord(waiting, homeSystemOf(inForce, to.domain), known, nowMs()), this.#deps)
    return decision?.verdict === 'allow' ? decision.destination : undefined
  }

  #put(item: OutboxItem): Promise<DeliveryOutcome> {
    return new Promise((resolve) => {
      if (this.#outbox === undefined) return resolve(failedOutcome(outboxCodes, 'GH-OUTBOX-AWAY'))
      this.#outbox.put(item, (taken) => {
        if (taken.ok) return resolve(queuedOutcome())
        const { code, detail, isCertain, sipStatus } = taken
        resolve({ ...failedOutcome(outboxCodes, code, '', { isCertain, sipStatus }), detail })
      })
    })
  }
}

/** With what today's policy made of it. */
function decidedAgain(delivery: Delivery, decision: Decision, destination: Destination): Delivery {
  const { mark, evidence, direction, peerClass, partner, revision, rewrite } = decision
  const { content } = delivery.envelope
  const changed = rewrite !== undefined && content.kind === 'message' ? rewritten(content, rewrite) : content
  return {
    ...delivery,
    envelope: { ...delivery.envelope, content: changed },
    destination,
    decision: { mark, evidence, direction, peerClass, partner, revision },
  }
}

/** Refused by today's policy: for good, or for now. */
function deniedAttempt({ code, reason: detail, sipStatus }: Decision): Attempt {
  const entry: CodeEntry | undefined = (policyCodes as Readonly<Record<string, CodeEntry>>)[code]
  const outcome = { status: 'failed', code, detail, isCertain: true, retry: entry?.retry ?? 'never', sipStatus, remoteId: '' } as const
  return { outcome, holdsUp: entry?.retry === 'later' ? 'conversation' : 'nothing' }
}

/** Word to a sender, as a receipt of whom they wrote to; who cannot be given receipts is told in words. */
function wordOf(delivery: Delivery, item: OutboxItem, end: OutboxEnd, destination: Destination): Delivery {
  const { envelope } = delivery
  const { from, to, content, conversation } = envelope
  const message = content.kind === 'message' ? content : undefined
  // RFC 5438 §8: a SIP user agent gets the notifications that it asked for, and no others
  const isAsked = destination.to === 'network' || message?.wants?.includes('failed') === true
  const receipt = {
    kind: 'receipt',
    of: isAsked ? (message?.messageId ?? '') : '',
    state: end.isCertain ? 'failed' : 'error',
    code: end.code,
    acceptedAtMs: item.acceptedAtMs,
  } as const
  return {
    envelope: { id: wordId(envelope.id), receivedAtMs: item.acceptedAtMs, from: to, to: from, conversation, content: receipt },
    destination,
    decision: { mark: 'verified', evidence: 'V3', direction: 'inbound', peerClass: 'bridge', partner: '', revision: 0 },
    timeoutMs: ATTEMPT_MS,
    forwardedBy: '',
    waited: true,
  }
}

/** An id of its own, the same each time it is told. */
function wordId(of: Uint8Array): Uint8Array {
  return Uint8Array.from(of, (byte, at) => (at === 0 ? byte ^ 0xff : byte))
}
