import type { BusReply } from './bus.ts'
import { type SetTimer, TimerWheel, type WheelEntry } from './timer-wheel.ts'

/** One request that waits for its answer. `settle` calls back at most once. */
export class PendingRequest implements WheelEntry {
  wheelNext: WheelEntry | undefined = undefined
  wheelPrevious: WheelEntry | undefined = undefined
  wheelSlot = -1
  wheelRounds = 0
  readonly id: number
  readonly subject: string
  readonly timeoutMs: number
  readonly #owner: PendingRequests
  #onReply: ((reply: BusReply) => void) | undefined

  constructor(owner: PendingRequests, id: number, subject: string, timeoutMs: number, onReply: (reply: BusReply) => void) {
    this.#owner = owner
    this.id = id
    this.subject = subject
    this.timeoutMs = timeoutMs
    this.#onReply = onReply
  }

  get isSettled(): boolean {
    return this.#onReply === undefined
  }

  expire(): void {
    this.settle({ ok: false, why: 'timeout', detail: `no answer within ${this.timeoutMs} ms` })
  }

  settle(reply: BusReply): void {
    const onReply = this.#onReply
    if (onReply === undefined) return
    this.#onReply = undefined
    this.#owner.forget(this)
    onReply(reply)
  }
}

/** All requests of one bus that wait for an answer, with their deadlines on one timer. */
export class PendingRequests {
  readonly #wheel: TimerWheel
  readonly #byId = new Map<number, PendingRequest>()
  #lastId = 0
  #onIdle: (() => void) | undefined

  constructor(nowMs: () => number, setTimer: SetTimer) {
    this.#wheel = new TimerWheel(nowMs, setTimer)
  }

  get size(): number {
    return this.#byId.size
  }

  add(subject: string, timeoutMs: number, onReply: (reply: BusReply) => void): PendingRequest {
    this.#lastId = this.#lastId >= Number.MAX_SAFE_INTEGER ? 1 : this.#lastId + 1
    const request = new PendingRequest(this, this.#lastId, subject, timeoutMs, onReply)
    this.#byId.set(request.id, request)
    this.#wheel.add(request, timeoutMs)
    return request
  }

  get(id: number): PendingRequest | undefined {
    return this.#byId.get(id)
  }

  forget(request: PendingRequest): void {
    this.#wheel.remove(request)
    this.#byId.delete(request.id)
    if (this.#byId.size === 0) this.#onIdle?.()
  }

  /** Answers all that still wait, or only those on one subject, with the same reply. */
  settleAll(reply: BusReply, subject?: string): void {
    for (const request of [...this.#byId.values()]) {
      if (subject === undefined || request.subject === subject) request.settle(reply)
    }
  }

  /** Resolves when nothing waits any more. */
  idle(): Promise<void> {
    if (this.#byId.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onIdle = () => {
        this.#onIdle = undefined
        resolve()
      }
    })
  }

  stop(): void {
    this.#wheel.stop()
  }
}
