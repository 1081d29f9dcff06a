/** One message as its sender knows it. Ticks count what happened in this process, so they say exactly what came before what. */
export interface SentMessage {
  /** Who sent it, one message after the other, over one connection at a time. */
  readonly sender: string
  readonly conversation: string
  /** CSeq number: counts up in its conversation. */
  readonly number: number
  readonly attempts: { readonly connection: number; readonly tick: number }[]
  /** Final status; 0: none came. */
  status: number
  answeredTick: number
  deliveries: number
  /** When it was delivered first; 0: not yet. */
  deliveredTick: number
  /** Its sender was told that it was given up. */
  isGivenUp: boolean
}

/** How a notice of the gate begins; what follows is the key of the message. */
export const GIVEN_UP = 'given-up'

/** What clients sent and were told, and what receivers got: all that the checker may believe besides the archive. */
export class Ledger {
  readonly messages: Map<string, SentMessage> = new Map()
  /** Times of answers 2xx, by the clock of `performance.now`. */
  readonly acknowledgedMs: number[] = []
  /** Deliveries of something nobody sent. */
  strangers = 0
  /** Final answers to what was not open. */
  strayAnswers = 0
  #tick = 0

  open(conversation: string, number: number, sender: string = conversation): SentMessage {
    const message: SentMessage = {
      sender,
      conversation,
      number,
      attempts: [],
      status: 0,
      answeredTick: 0,
      deliveries: 0,
      deliveredTick: 0,
      isGivenUp: false,
    }
    this.messages.set(keyOf(conversation, number), message)
    return message
  }

  attempted(message: SentMessage, connection: number): void {
    message.attempts.push({ connection, tick: ++this.#tick })
  }

  answered(message: SentMessage, status: number, nowMs: number): void {
    message.status = status
    message.answeredTick = ++this.#tick
    if (status < 300) this.acknowledgedMs.push(nowMs)
  }

  /** `text`: the body that arrived; it begins with the message's key. */
  delivered(text: string): void {
    const [first = '', second = '', third = ''] = text.split(' ', 3)
    if (first === GIVEN_UP) return this.#told(keyOf(second, Number(third)))
    const message = this.messages.get(`${first} ${second}`)
    if (message === undefined) {
      this.strangers++
      return
    }
    message.deliveries++
    if (message.deliveredTick === 0) message.deliveredTick = ++this.#tick
  }

  #told(key: string): void {
    const message = this.messages.get(key)
    if (message === undefined) this.strangers++
    else message.isGivenUp = true
  }
}

export function keyOf(conversation: string, number: number): string {
  return `${conversation} ${number}`
}
