import { DeadlineQueue, type Waiting } from './deadline-queue.ts'
import type { SipTimers } from './sip-timers.ts'

type TimerName = Exclude<keyof SipTimers, 't1Ms'>

/** One queue for every timer of the table. */
export class DeadlineQueues {
  readonly #byName: Readonly<Record<TimerName, DeadlineQueue>>
  readonly #all: readonly DeadlineQueue[]

  constructor(timers: SipTimers) {
    this.#byName = {
      inviteTimeoutMs: new DeadlineQueue(timers.inviteTimeoutMs),
      ringingMs: new DeadlineQueue(timers.ringingMs),
      requestTimeoutMs: new DeadlineQueue(timers.requestTimeoutMs),
      awaitAckMs: new DeadlineQueue(timers.awaitAckMs),
      acceptedServerMs: new DeadlineQueue(timers.acceptedServerMs),
      acceptedClientMs: new DeadlineQueue(timers.acceptedClientMs),
      cancelledMs: new DeadlineQueue(timers.cancelledMs),
      autoTryingMs: new DeadlineQueue(timers.autoTryingMs),
      autoTryingRequestMs: new DeadlineQueue(timers.autoTryingRequestMs),
      requestRestMs: new DeadlineQueue(timers.requestRestMs),
      inviteLifeMs: new DeadlineQueue(timers.inviteLifeMs),
    }
    this.#all = Object.values(this.#byName)
  }

  start(timer: TimerName, waiting: Waiting, nowMs: number): void {
    this.#byName[timer].join(waiting, nowMs)
  }

  stop(waiting: Waiting): void {
    waiting.queue?.leave(waiting)
  }

  nextDeadlineMs(): number | undefined {
    return this.#earliest()?.nextDeadlineMs
  }

  /** Takes out the earliest that is due, whatever its timer. */
  takeDue(nowMs: number): Waiting | undefined {
    return this.#earliest()?.takeDue(nowMs)
  }

  #earliest(): DeadlineQueue | undefined {
    let earliest: DeadlineQueue | undefined
    let earliestMs = Number.POSITIVE_INFINITY
    for (const queue of this.#all) {
      const deadlineMs = queue.nextDeadlineMs
      if (deadlineMs !== undefined && deadlineMs < earliestMs) {
        earliest = queue
        earliestMs = deadlineMs
      }
    }
    return earliest
  }
}
