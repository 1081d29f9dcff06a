import { deliveredOutcome, failedOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import { gatewayApiCodes } from './errors.ts'

/** A message on its way into an application. */
export interface Parcel {
  readonly fromAddress: string
  readonly toAddress: string
  readonly text: string
  readonly conversation: string
  readonly messageId: string
  readonly mark: string
  readonly receivedAtMs: number
}

export interface NumberedParcel extends Parcel {
  readonly receipt: string
}

interface Waiting {
  readonly parcel: NumberedParcel
  isHanded: boolean
  readonly settle: (outcome: DeliveryOutcome) => void
}

/**
 * Messages for one application. Nothing is kept here beyond the answer to its sender: an application that is away is away. The messages go to one
 * Receive call, the last one opened; each waits for its confirmation.
 */
export class Mailbox {
  readonly #maxUnconfirmed: number
  readonly #waiting = new Map<string, Waiting>()
  #reader: Reader | undefined
  #receipts = 0

  constructor(maxUnconfirmed: number) {
    this.#maxUnconfirmed = maxUnconfirmed
  }

  get hasReader(): boolean {
    return this.#reader !== undefined
  }

  /** Resolves when the application confirmed, left, or let `timeoutMs` pass. */
  put(parcel: Parcel, timeoutMs: number): Promise<DeliveryOutcome> {
    const reader = this.#reader
    if (reader === undefined) return Promise.resolve(failedOutcome(gatewayApiCodes, 'GH-GATEWAY-AWAY'))
    if (this.#waiting.size >= this.#maxUnconfirmed) return Promise.resolve(failedOutcome(gatewayApiCodes, 'GH-GATEWAY-BUSY'))
    return new Promise((resolve) => {
      const receipt = `r${++this.#receipts}`
      const timer = setTimeout(() => this.#settle(receipt, unconfirmed(waiting)), timeoutMs)
      const settle = (outcome: DeliveryOutcome): void => {
        clearTimeout(timer)
        resolve(outcome)
      }
      const waiting: Waiting = { parcel: { ...parcel, receipt }, isHanded: false, settle }
      this.#waiting.set(receipt, waiting)
      reader.offer(waiting)
    })
  }

  /** False: it is too late, or there was no such message. */
  confirm(receipt: string, isTaken: boolean): boolean {
    return this.#settle(receipt, isTaken ? deliveredOutcome(receipt) : failedOutcome(gatewayApiCodes, 'GH-GATEWAY-NOT-TAKEN'))
  }

  /** One Receive call; a call before it ends. What was handed to that one and not confirmed stays uncertain until its time is over. */
  async *read(signal: AbortSignal): AsyncGenerator<NumberedParcel> {
    this.#reader?.end()
    const reader = new Reader()
    this.#reader = reader
    const onAbort = (): void => reader.end()
    signal.addEventListener('abort', onAbort)
    try {
      for (let next = await reader.next(); next !== undefined; next = await reader.next()) {
        next.isHanded = true
        yield next.parcel
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      if (this.#reader === reader) this.#reader = undefined
      // what was never handed over surely did not arrive
      for (const left of reader.rest()) this.#settle(left.parcel.receipt, failedOutcome(gatewayApiCodes, 'GH-GATEWAY-AWAY'))
    }
  }

  /** Ends the call, and answers for everything that waits. */
  close(): void {
    this.#reader?.end()
    for (const [receipt, waiting] of this.#waiting) this.#settle(receipt, unconfirmed(waiting))
  }

  #settle(receipt: string, outcome: DeliveryOutcome): boolean {
    const waiting = this.#waiting.get(receipt)
    this.#waiting.delete(receipt)
    waiting?.settle(outcome)
    return waiting !== undefined
  }
}

function unconfirmed({ isHanded }: Waiting): DeliveryOutcome {
  if (!isHanded) return failedOutcome(gatewayApiCodes, 'GH-GATEWAY-AWAY')
  return failedOutcome(gatewayApiCodes, 'GH-GATEWAY-UNCONFIRMED', '', { isCertain: false })
}

/** What one Receive call has still to be given. */
class Reader {
  readonly #queue: Waiting[] = []
  #wake: (() => void) | undefined
  #isEnded = false

  offer(waiting: Waiting): void {
    this.#queue.push(waiting)
    this.#wake?.()
  }

  end(): void {
    this.#isEnded = true
    this.#wake?.()
  }

  /** Undefined: the call is over. */
  async next(): Promise<Waiting | undefined> {
    while (this.#queue.length === 0 && !this.#isEnded) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.#isEnded ? undefined : this.#queue.shift()
  }

  rest(): readonly Waiting[] {
    return this.#queue.splice(0)
  }
}
