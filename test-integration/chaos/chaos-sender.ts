import { keyOf, type Ledger, type SentMessage } from './ledger.ts'
import { ReplicaLink, type ReplicaLinkPlan } from './replica-link.ts'

export interface ChaosSenderPlan extends ReplicaLinkPlan {
  readonly name: string
  readonly from: string
  readonly to: string
  /** Host in Via. */
  readonly host: string
  readonly messagesPerSecond: number
  /** A 503 is an answer of this replica, not of the message's fate: it goes to the next one (RFC 3263 §4.3). */
  readonly hasFailover?: boolean
}

/** What a run needs of whoever sends. */
export interface LoadSender {
  /** When its latest message that was then acknowledged had been sent. */
  readonly passedMs: number
  readonly isSettled: boolean
  start(): void
  /** No new messages; those without an answer are still tried until `isSettled`. */
  finish(): void
  stop(): void
}

const MAX_IN_FLIGHT = 8
const MESSAGES_PER_CONVERSATION = 100
const ANSWER_TIMEOUT_MS = 8_000
const STEP_MS = 10

/**
 * A partner's server that never gives up: sends at its pace, several messages of a conversation under way at once, and what
 * got no answer goes out again, unchanged (same branch, same body), over the next connection to the next replica.
 */
export class ChaosSender implements LoadSender {
  readonly plan: ChaosSenderPlan
  readonly #ledger: Ledger
  readonly #link: ReplicaLink
  readonly #inFlight = new Map<string, { readonly message: SentMessage; readonly sentMs: number }>()
  #unanswered: SentMessage[] = []
  #conversations = 0
  #inConversation = 0
  #credit = 0
  #timer: NodeJS.Timeout | undefined
  #lastStepMs = 0
  #isSending = false
  /** Told to go elsewhere: nothing more is sent here. */
  #isLeaving = false
  /** When its latest message that was then acknowledged had been sent. */
  passedMs = 0

  constructor(plan: ChaosSenderPlan, ledger: Ledger) {
    this.plan = plan
    this.#ledger = ledger
    this.#link = new ReplicaLink(plan, {
      onFinal: (response) => this.#answered(keyOf(response.callId() ?? '', response.cseq()?.number ?? 0), response.status),
      onLost: () => this.#lost(),
    })
  }

  start(): void {
    this.#isSending = true
    this.#lastStepMs = performance.now()
    this.#timer = setInterval(() => this.#step(performance.now()), STEP_MS)
  }

  /** No new messages; those without an answer are still tried until `isSettled`. */
  finish(): void {
    this.#isSending = false
  }

  get isSettled(): boolean {
    return this.#inFlight.size === 0 && this.#unanswered.length === 0
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#link.destroy()
  }

  #step(nowMs: number): void {
    this.#credit = Math.min(MAX_IN_FLIGHT, this.#credit + ((nowMs - this.#lastStepMs) * this.plan.messagesPerSecond) / 1000)
    this.#lastStepMs = nowMs
    this.#link.keep(nowMs)
    if (!this.#link.isOpen) return
    const oldest = this.#inFlight.values().next().value
    if (oldest !== undefined && nowMs - oldest.sentMs > ANSWER_TIMEOUT_MS) {
      this.#link.destroy()
      return
    }
    if (this.#isLeaving) {
      if (this.#inFlight.size === 0) this.#link.end()
      return
    }
    while (this.#unanswered.length > 0 && this.#inFlight.size < MAX_IN_FLIGHT) this.#send(this.#unanswered.shift() as SentMessage, nowMs)
    while (this.#isSending && this.#credit >= 1 && this.#inFlight.size < MAX_IN_FLIGHT) {
      this.#credit--
      this.#send(this.#next(), nowMs)
    }
  }

  #next(): SentMessage {
    if (this.#inConversation === 0 || this.#inConversation === MESSAGES_PER_CONVERSATION) {
      this.#conversations++
      this.#inConversation = 0
    }
    this.#inConversation++
    return this.#ledger.open(`${this.plan.name}-${this.#conversations}`, this.#inConversation, this.plan.name)
  }

  #lost(): void {
    this.#isLeaving = false
    this.#unanswered = [...[...this.#inFlight.values()].map(({ message }) => message), ...this.#unanswered]
    this.#inFlight.clear()
  }

  #answered(key: string, status: number): void {
    const open = this.#inFlight.get(key)
    if (open === undefined) {
      this.#ledger.strayAnswers++
      return
    }
    this.#inFlight.delete(key)
    if (status === 503 && this.plan.hasFailover === true) {
      this.#unanswered.push(open.message)
      this.#isLeaving = true
      return
    }
    this.#ledger.answered(open.message, status, performance.now())
    if (status < 300) this.passedMs = Math.max(this.passedMs, open.sentMs)
  }

  #send(message: SentMessage, nowMs: number): void {
    const key = keyOf(message.conversation, message.number)
    this.#inFlight.set(key, { message, sentMs: nowMs })
    this.#ledger.attempted(message, this.#link.connection)
    this.#link.send(this.#wire(message, key))
  }

  #wire({ conversation, number }: SentMessage, key: string): string {
    const { from, to, host } = this.plan
    const body = `${key} ${'.'.repeat(number % 64)}`
    return [
      `MESSAGE sip:${to} SIP/2.0`,
      `Via: SIP/2.0/TLS ${host}:5061;branch=z9hG4bK${conversation}-${number}`,
      'Max-Forwards: 70',
      `From: <sip:${from}>;tag=${conversation}`,
      `To: <sip:${to}>`,
      `Call-ID: ${conversation}`,
      `CSeq: ${number} MESSAGE`,
      'Content-Type: text/plain;charset=UTF-8',
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n')
  }
}
