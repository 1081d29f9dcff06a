import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type Bus, type BusSubscription, eventSubject } from '@gatehouse/bus'
import type { Decision } from '@gatehouse/im-model'
import { DecisionEventSchema, EventsWantedSchema } from '@gatehouse/proto'
import { DECISIONS_TOPIC, WANTED_TOPIC } from './topics.ts'

export interface DecisionTellerDeps {
  readonly bus: Bus
  readonly nowMs: () => number
  readonly replica: string
  /** Decisions told in a second; more are counted. */
  readonly maxPerSecond?: number
}

/** What an event says of a message besides its decision. */
export interface ToldMessage {
  readonly fromAddress: string
  readonly toAddress: string
  readonly method: string
  readonly kind: string
  /** Final answer. */
  readonly status: number
  readonly envelopeId: Uint8Array | undefined
}

const MAX_PER_SECOND = 1_000
/** Nobody makes replicas talk for longer without saying so again. */
const LONGEST_WANTED_MS = 60_000
const NO_ID = new Uint8Array(0)

/** Tells decisions on the bus while somebody watches. Never throws, never waits; what does not fit is counted with the next one. */
export class DecisionTeller {
  readonly #deps: DecisionTellerDeps
  #wantedUntilMs = 0
  #secondMs = 0
  #toldThisSecond = 0
  #missed = 0
  #subscription: BusSubscription | undefined

  constructor(deps: DecisionTellerDeps) {
    this.#deps = deps
  }

  async start(): Promise<void> {
    this.#subscription = await this.#deps.bus.subscribe(eventSubject(WANTED_TOPIC), ({ data }) => this.#noteWanted(data))
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop()
    this.#subscription = undefined
  }

  /** Asked before anything is put together for `tell`. */
  isWanted(nowMs: number): boolean {
    return nowMs < this.#wantedUntilMs
  }

  tell(decision: Decision, message: ToldMessage, nowMs: number): void {
    if (!this.#mayTell(nowMs)) {
      this.#missed++
      return
    }
    const { verdict, code, reason, rule, mark, direction, peerClass, partner, revision, observed } = decision
    const event = create(DecisionEventSchema, {
      ...message,
      envelopeId: message.envelopeId ?? NO_ID,
      atUs: BigInt(Math.round(nowMs * 1000)),
      replica: this.#deps.replica,
      verdict,
      code,
      reason,
      rule,
      source: decision.proof.find((step) => step.rule === rule)?.source ?? '',
      mark,
      direction,
      peerClass,
      partner,
      revision: BigInt(revision),
      observed: observed?.map((step) => step.code) ?? [],
      missed: BigInt(this.#missed),
    })
    if (this.#deps.bus.publish(eventSubject(DECISIONS_TOPIC), toBinary(DecisionEventSchema, event))) this.#missed = 0
    else this.#missed++
  }

  #mayTell(nowMs: number): boolean {
    if (nowMs - this.#secondMs >= 1_000 || nowMs < this.#secondMs) {
      this.#secondMs = nowMs
      this.#toldThisSecond = 0
    }
    return ++this.#toldThisSecond <= (this.#deps.maxPerSecond ?? MAX_PER_SECOND)
  }

  #noteWanted(data: Uint8Array): void {
    let forMs = 0
    try {
      ;({ forMs } = fromBinary(EventsWantedSchema, data))
    } catch {
      return // whatever it was, nobody asked
    }
    const untilMs = this.#deps.nowMs() + Math.min(forMs, LONGEST_WANTED_MS)
    this.#wantedUntilMs = Math.max(this.#wantedUntilMs, untilMs)
  }
}
