import type { TcpChatServer } from '../bridge/tcp-chat.ts'
import type { LoadSender } from './chaos-sender.ts'
import { keyOf, type Ledger, type SentMessage } from './ledger.ts'

const ANSWER_TIMEOUT_MS = 8_000
const STEP_MS = 10

/**
 * Somebody on the network who writes to an inside user, one message behind the other; each is said once. A message that the gate has
 * dealt with is acknowledged to the network; one that is not in time is left, with no answer.
 */
export class NetworkSpeaker implements LoadSender {
  readonly #chat: TcpChatServer
  readonly #to: string
  readonly #name: string
  readonly #ledger: Ledger
  readonly #everyMs: number
  #waiting: { readonly message: SentMessage; readonly id: string; readonly sentMs: number } | undefined
  #said = 0
  #nextMs = 0
  #timer: NodeJS.Timeout | undefined
  #isSending = false
  passedMs = 0

  constructor(
    chat: TcpChatServer,
    plan: { readonly name: string; readonly to: string; readonly messagesPerSecond: number },
    ledger: Ledger,
  ) {
    this.#chat = chat
    this.#name = plan.name
    this.#to = plan.to
    this.#everyMs = 1_000 / plan.messagesPerSecond
    this.#ledger = ledger
  }

  get isSettled(): boolean {
    return this.#waiting === undefined
  }

  start(): void {
    this.#isSending = true
    this.#timer = setInterval(() => this.#step(performance.now()), STEP_MS)
  }

  finish(): void {
    this.#isSending = false
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #step(nowMs: number): void {
    const waiting = this.#waiting
    if (waiting !== undefined) {
      if (this.#chat.acknowledged.delete(waiting.id)) {
        this.#waiting = undefined
        this.#ledger.answered(waiting.message, 200, nowMs)
        this.passedMs = Math.max(this.passedMs, waiting.sentMs)
      } else if (nowMs - waiting.sentMs > ANSWER_TIMEOUT_MS) this.#waiting = undefined
      return
    }
    if (!this.#isSending || nowMs < this.#nextMs || !this.#chat.connected().includes(this.#to)) return
    this.#nextMs = nowMs + this.#everyMs
    const number = ++this.#said
    // as a SIP transaction is written in a record, so that the reader of the archive finds both alike
    const id = `${this.#name} network ${number} MESSAGE`
    const message = this.#ledger.open(this.#name, number)
    this.#ledger.attempted(message, 1)
    this.#waiting = { message, id, sentMs: nowMs }
    this.#chat.say(this.#to, id, `${keyOf(this.#name, number)} from the network`)
  }
}
