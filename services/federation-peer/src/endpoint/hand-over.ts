import { type Delivery, deliveryStage, portOf } from '@gatehouse/delivery'
import type { Decision, Destination, ImContent } from '@gatehouse/im-model'
import type { Passage } from '../session/passage.ts'
import { envelopeOf, markOf } from './envelope-of.ts'
import type { OnOutcome } from './outcome-of-answer.ts'

/** Shorter than the gate's own time for an answer (28 s), so that the sender hears what became of it. */
const DELIVERY_TIMEOUT_MS = 20_000

/** Hands what a request says to the service that owns its destination. */
export class HandOver {
  readonly #deliver: (delivery: Delivery, onOutcome: OnOutcome) => void
  readonly #newId: (nowMs: number) => Uint8Array

  /** `newId`: for envelopes that are on no record. */
  constructor(deliver: (delivery: Delivery, onOutcome: OnOutcome) => void, newId: (nowMs: number) => Uint8Array) {
    this.#deliver = deliver
    this.#newId = newId
  }

  run(passage: Passage, destination: Destination, content: ImContent, onOutcome: OnOutcome): void {
    const envelope = envelopeOf(passage, content, passage.envelopeId ?? this.#newId(passage.nowMs))
    const decision = { ...markOf(passage.decision as Decision), isOnRecord: passage.envelopeId !== undefined }
    const trace = passage.stage === 'deliver' ? passage.trace?.next(...deliveryStage(portOf(destination))).context : undefined
    this.#deliver({ envelope, destination, decision, timeoutMs: DELIVERY_TIMEOUT_MS, forwardedBy: '', trace }, onOutcome)
  }
}
