import type { EnvelopeIds } from '@gatehouse/archive-client'
import type { Incoming, ReceiveOutcome } from '@gatehouse/bridge-kit'
import { type Delivery, deliveryStage, portOf, sentOutcome } from '@gatehouse/delivery'
import type { Decision, DeliveryOutcome, Destination } from '@gatehouse/im-model'
import { type DecisionState, type Snapshot, userKey } from '@gatehouse/policy-engine'
import { type Logger, type Tracer, traceFacts } from '@gatehouse/telemetry'
import { conversationOfPair, pairKey } from '../conversation-key.ts'
import { ConversationQueues } from '../conversation-queues.ts'
import type { BridgeOutbox } from '../outbox/bridge-outbox.ts'
import { isAway } from '../outbox/is-away.ts'
import { decidePassage, type EvidenceLookup } from './decide-passage.ts'
import { LoopGuard } from './loop-guard.ts'
import { rewritten, withoutMarkup } from './message-text.ts'
import { type KnownEvidence, Passage } from './passage.ts'
import { beginTrace, endTrace } from './passage-trace.ts'
import { problemOf } from './read-event.ts'
import { goesOnRecord, type Recorder } from './recorder.ts'
import { refusalOf, refuse, withNotice } from './refusals.ts'
import { Repetitions } from './repetitions.ts'
import type { SeenLedger } from './seen-ledger.ts'

/** Messages of one conversation that may wait for one that takes long. */
const MOST_WAITING = 100
/** Behind so many a typing notice is no news any more. */
const STALE_TYPING_DEPTH = 3

/** The connector an event came from, as far as the way in has to know it. */
export interface Origin {
  readonly network: string
  readonly protocol: string
  /** Longest text it may bring, UTF-8. */
  readonly maxTextBytes: number
  readonly log: Logger
}

export interface FactsTold {
  learned(user: string, contact: string): void
  held(note: { user: string; contact: string; partner: string; envelopeId: Uint8Array | undefined }): void
}

export interface InboundDeps {
  readonly snapshot: (nowMs: number) => Snapshot | undefined
  readonly decisions: DecisionState
  readonly known: KnownEvidence
  readonly lookup: EvidenceLookup
  readonly facts: FactsTold
  readonly recorder: Recorder
  readonly ids: EnvelopeIds
  /** Asks whoever owns the destination; never rejects. */
  readonly deliver: (delivery: Delivery) => Promise<DeliveryOutcome>
  /** Asks inspectors that policy names; the decision that then stands. */
  readonly inspect: (passage: Passage, decision: Decision) => Promise<Decision>
  /** Whether a gateway of ours sent it there itself. */
  readonly isEcho: (origin: Origin, event: Incoming) => boolean
  /** What was dealt with, by whatever replica. */
  readonly seen: Pick<SeenLedger, 'has' | 'add'>
  readonly outbox: Pick<BridgeOutbox, 'mayWait' | 'isBehind' | 'take'>
  readonly deliverTimeoutMs: number
  readonly passed: (origin: Origin, passage: Passage | undefined, kind: string, outcome: ReceiveOutcome, durationMs: number) => void
  readonly tracer: Tracer
  readonly nowMs: () => number
}

/** The way of one event from a network, stage by stage (architecture §3): identify → decide → archive → route → deliver → answer. */
export class Inbound {
  readonly #deps: InboundDeps
  readonly #queues = new ConversationQueues(MOST_WAITING)
  readonly #repetitions: Repetitions
  readonly #loops = new LoopGuard()

  constructor(deps: InboundDeps) {
    this.#deps = deps
    this.#repetitions = new Repetitions(deps.seen)
  }

  /** Never rejects. */
  async take(origin: Origin, event: Incoming): Promise<ReceiveOutcome> {
    const nowMs = this.#deps.nowMs()
    const problem = problemOf(event, origin.maxTextBytes)
    if (problem !== undefined) {
      if (problem.code === 'GH-BRIDGE-MALFORMED') origin.log.error({ code: problem.code, detail: problem.detail }, 'event not taken in')
      return this.#answer(origin, undefined, event, refuse(problem.code, event.side, problem.detail), nowMs)
    }
    if (event.isEcho === true || this.#deps.isEcho(origin, event)) return { ...sentOutcome(), notice: '' }
    return await this.#repetitions.once(origin.network, event, nowMs, () => this.#queue(origin, event, nowMs))
  }

  async #queue(origin: Origin, event: Incoming, nowMs: number): Promise<ReceiveOutcome> {
    if (this.#loops.isLoop(event, nowMs)) {
      return this.#answer(origin, undefined, event, refuse('GH-BRIDGE-LOOP', event.side), nowMs)
    }
    const key = pairKey(event.from, event.to)
    if (event.content.kind === 'typing' && this.#queues.depth(key) > STALE_TYPING_DEPTH) return { ...sentOutcome(), notice: '' }
    const taken = this.#queues.run(key, () => this.#pass(origin, event, nowMs))
    if (taken === undefined) return this.#answer(origin, undefined, event, refuse('GH-BRIDGE-BUSY', event.side), nowMs)
    return await taken
  }

  async #pass(origin: Origin, event: Incoming, nowMs: number): Promise<ReceiveOutcome> {
    const passage = new Passage({
      id: this.#deps.ids.next(nowMs),
      event,
      protocol: origin.protocol,
      conversation: event.conversation === '' ? conversationOfPair(origin.protocol, event.from, event.to) : event.conversation,
      nowMs,
      known: this.#deps.known,
    })
    beginTrace(passage, this.#deps.tracer)
    try {
      return this.#answer(origin, passage, event, await this.#way(passage), nowMs)
    } catch (err) {
      origin.log.error(
        { err, from: passage.fromAddress, to: passage.toAddress, ...traceFacts(passage.trace?.span) },
        'an event was lost inside the bridge',
      )
      return this.#answer(origin, passage, event, refuse('GH-BRIDGE-CONNECTOR-FAILED', event.side), nowMs)
    }
  }

  async #way(passage: Passage): Promise<ReceiveOutcome> {
    const { side } = passage
    const snapshot = this.#deps.snapshot(passage.nowMs)
    if (snapshot === undefined) return refuse('GH-BRIDGE-NO-POLICY', side)
    const decision = await this.#decide(passage, snapshot)
    const failure = await this.#record(passage, decision)
    if (decision.verdict === 'deny') {
      if (decision.code === 'GH-POLICY-FIRST-CONTACT') this.#noteHeld(passage, decision)
      return refusalOf(decision, side)
    }
    if (failure !== undefined) return refuse('GH-BRIDGE-ARCHIVE-AWAY', side, failure)
    const outcome = await this.#deliverOrWait(passage, decision)
    if (passage.isOnRecord) this.#deps.recorder.outcome(passage, outcome, this.#deps.nowMs())
    if (outcome.status !== 'failed') this.#noteLearned(passage, decision, snapshot)
    return withNotice(outcome, side)
  }

  /** Within the order of the conversation: who comes next finds it in the outbox, or over there. */
  async #deliverOrWait(passage: Passage, decision: Decision): Promise<DeliveryOutcome> {
    const { outbox, deliver } = this.#deps
    passage.trace?.next(...deliveryStage(portOf(decision.destination as Destination)))
    const delivery = this.#deliveryOf(passage, decision)
    if (decision.queue === undefined) return await deliver(delivery)
    const { side, bridge, method } = passage
    const late: Delivery = {
      ...delivery,
      decision: { ...delivery.decision, queue: decision.queue, ...(passage.isOnRecord ? { isOnRecord: true } : {}) },
    }
    if (outbox.isBehind(late)) return await outbox.take(late, { side, bridge, method })
    const outcome = await deliver(delivery)
    return isAway(outcome) && outbox.mayWait(late) ? await outbox.take(late, { side, bridge, method }) : outcome
  }

  async #decide(passage: Passage, snapshot: Snapshot): Promise<Decision> {
    const { decisions, lookup, inspect } = this.#deps
    let decision = await decidePassage(passage, snapshot, decisions, lookup)
    if (decision.verdict === 'allow' && decision.inspectors !== undefined) {
      passage.trace?.next('inspect')
      decision = await inspect(passage, decision)
    }
    passage.decision = decision
    if (decision.verdict === 'deny' || passage.passedOn.kind !== 'message') return decision
    if (decision.rewrite !== undefined) passage.passedOn = rewritten(passage.passedOn, decision.rewrite)
    else if (snapshot.contentFilters.length > 0 || decision.inspectors !== undefined) passage.passedOn = withoutMarkup(passage.passedOn)
    return decision
  }

  /** Undefined: on record as far as policy demands it. Refused ones are recorded too, but nobody waits for that. */
  async #record(passage: Passage, decision: Decision): Promise<string | undefined> {
    if (decision.archive === 'off' || !goesOnRecord(passage)) return undefined
    passage.isOnRecord = true
    const recorded = this.#deps.recorder.record(passage)
    if (decision.archive === 'bestEffort' || decision.verdict === 'deny') return undefined
    const outcome = await recorded
    return outcome.ok ? undefined : `${outcome.code}: ${outcome.detail}`
  }

  #deliveryOf(passage: Passage, decision: Decision): Delivery {
    const { mark, evidence, direction, peerClass, partner, revision } = decision
    return {
      envelope: {
        id: passage.id,
        receivedAtMs: passage.nowMs,
        from: passage.event.from,
        to: passage.event.to,
        conversation: passage.conversation,
        content: passage.passedOn,
      },
      destination: decision.destination as Destination,
      decision: { mark, evidence, direction, peerClass, partner, revision },
      timeoutMs: this.#deps.deliverTimeoutMs,
      forwardedBy: '',
      trace: passage.trace?.stage.context,
    }
  }

  #noteHeld(passage: Passage, { partner }: Decision): void {
    const user = userKey(passage.toUser, passage.toDomain)
    this.#deps.facts.held({ user, contact: userKey(passage.fromUser, passage.fromDomain), partner, envelopeId: passage.id })
  }

  /** Whoever our user writes to may answer: they become a contact, where policy says so. */
  #noteLearned(passage: Passage, { direction, destination }: Decision, snapshot: Snapshot): void {
    if (direction !== 'outbound' || destination?.to === 'inside' || !goesOnRecord(passage) || snapshot.users.settings.learnMs === 0) return
    this.#deps.facts.learned(userKey(passage.fromUser, passage.fromDomain), userKey(passage.toUser, passage.toDomain))
  }

  #answer(origin: Origin, passage: Passage | undefined, event: Incoming, outcome: ReceiveOutcome, startedMs: number): ReceiveOutcome {
    if (outcome.status === 'failed') {
      const facts = {
        code: outcome.code,
        reason: outcome.detail,
        status: outcome.sipStatus,
        kind: event.content?.kind,
        from: passage?.fromAddress,
        to: passage?.toAddress,
        partner: passage?.decision?.partner,
        evidence: event.evidence?.class,
        ...traceFacts(passage?.trace?.span),
      }
      origin.log.warn(facts, 'event from the network not delivered')
    }
    if (passage !== undefined) endTrace(passage, outcome, startedMs, this.#deps.tracer)
    this.#deps.passed(origin, passage, event.content?.kind ?? 'other', outcome, this.#deps.nowMs() - startedMs)
    return outcome
  }
}
