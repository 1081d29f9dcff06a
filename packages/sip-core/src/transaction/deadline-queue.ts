/** Something that can wait in one queue at a time. The three fields belong to the queue. */
export interface Waiting {
  deadlineMs: number
  queue: DeadlineQueue | undefined
  earlier: Waiting | undefined
  later: Waiting | undefined
}

/**
 * All that wait for the same length of time. Because that length is fixed and time never runs backwards, whoever joins
 * last is due last: a linked list is a sorted list, and joining, leaving and looking at the next deadline cost O(1).
 * There is one queue per timer of the table, instead of one timer per transaction.
 */
export class DeadlineQueue {
  readonly durationMs: number
  #first: Waiting | undefined
  #last: Waiting | undefined

  constructor(durationMs: number) {
    this.durationMs = durationMs
  }

  get nextDeadlineMs(): number | undefined {
    return this.#first?.deadlineMs
  }

  /** Starts (or restarts) the wait. `nowMs` must not be earlier than in any call before. */
  join(waiting: Waiting, nowMs: number): void {
    waiting.queue?.leave(waiting)
    waiting.deadlineMs = nowMs + this.durationMs
    waiting.queue = this
    waiting.earlier = this.#last
    if (this.#last === undefined) this.#first = waiting
    else this.#last.later = waiting
    this.#last = waiting
  }

  leave(waiting: Waiting): void {
    if (waiting.queue !== this) return
    if (waiting.earlier === undefined) this.#first = waiting.later
    else waiting.earlier.later = waiting.later
    if (waiting.later === undefined) this.#last = waiting.earlier
    else waiting.later.earlier = waiting.earlier
    waiting.queue = undefined
    waiting.earlier = undefined
    waiting.later = undefined
  }

  /** Takes out the first one that is due. */
  takeDue(nowMs: number): Waiting | undefined {
    const first = this.#first
    if (first === undefined || first.deadlineMs > nowMs) return undefined
    this.leave(first)
    return first
  }
}
