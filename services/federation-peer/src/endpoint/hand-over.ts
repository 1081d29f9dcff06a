import { ChurnMap } from '@gatehouse/churn-map'
import { type Delivery, deliveryStage, failedOutcome, portOf } from '@gatehouse/delivery'
import type { Decision, Destination, ImContent } from '@gatehouse/im-model'
import { peerCodes } from '../errors.ts'
import { conversationOf } from '../outbox/lane-name.ts'
import type { Passage } from '../session/passage.ts'
import { envelopeOf, markOf } from './envelope-of.ts'
import type { OnOutcome } from './outcome-of-answer.ts'

/** Shorter than the gate's own time for an answer (28 s), so that the sender hears what became of it. */
const DELIVERY_TIMEOUT_MS = 20_000

export interface HandOverDeps {
  readonly deliver: (delivery: Delivery, onOutcome: OnOutcome) => void
  /** For envelopes that are on no record. */
  readonly newId: (nowMs: number) => Uint8Array
  readonly nowMs: () => number
}

interface Lane {
  /** What has to wait for the one under way, in order. */
  readonly waiting: (() => void)[]
}

/**
 * Hands what requests say to the service that owns their destination, one after the other in each direction of a conversation: two that are
 * under way at once may be taken by different replicas of that service, and the second may come first. Bounded by the open transactions.
 */
export class HandOver {
  readonly #deps: HandOverDeps
  readonly #lanes = new ChurnMap<string, Lane>()

  constructor(deps: HandOverDeps) {
    this.#deps = deps
  }

  run(passage: Passage, destination: Destination, content: ImContent, onOutcome: OnOutcome): void {
    const conversation = conversationOf(passage)
    const sinceMs = this.#deps.nowMs()
    const send = (): void => {
      const timeoutMs = Math.floor(DELIVERY_TIMEOUT_MS - (this.#deps.nowMs() - sinceMs))
      const onDone: OnOutcome = (outcome) => {
        onOutcome(outcome)
        this.#next(conversation)
      }
      // its sender has been answered, or will be before anything could come of it
      if (timeoutMs <= 0) onDone(failedOutcome(peerCodes, 'GH-PEER-CONVERSATION-BUSY'))
      else this.#send(passage, destination, content, timeoutMs, onDone)
    }
    const lane = this.#lanes.get(conversation)
    if (lane !== undefined) {
      lane.waiting.push(send)
      return
    }
    this.#lanes.add(conversation, { waiting: [] })
    send()
  }

  #next(conversation: string): void {
    const next = this.#lanes.get(conversation)?.waiting.shift()
    if (next === undefined) this.#lanes.delete(conversation)
    else next()
  }

  #send(passage: Passage, destination: Destination, content: ImContent, timeoutMs: number, onOutcome: OnOutcome): void {
    const envelope = envelopeOf(passage, content, passage.envelopeId ?? this.#deps.newId(passage.nowMs))
    const decision = { ...markOf(passage.decision as Decision), isOnRecord: passage.envelopeId !== undefined }
    const trace = passage.stage === 'deliver' ? passage.trace?.next(...deliveryStage(portOf(destination))).context : undefined
    this.#deps.deliver({ envelope, destination, decision, timeoutMs, forwardedBy: '', trace }, onOutcome)
  }
}
