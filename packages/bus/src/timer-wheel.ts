/** Starts `run` once after `delayMs`; the result cancels it. */
export type SetTimer = (run: () => void, delayMs: number) => () => void

/** Something that can expire. Owned by one wheel; the wheel writes the linking fields. */
export interface WheelEntry {
  /** Called when the time is over; the entry has left the wheel by then. */
  expire(): void
  wheelNext: WheelEntry | undefined
  wheelPrevious: WheelEntry | undefined
  /** Slot the entry hangs in; -1: in none. */
  wheelSlot: number
  wheelRounds: number
}

// 25 ms is fine enough for deadlines of seconds and costs at most 40 wake-ups a second, none when nothing waits.
const TICK_MS = 25
const SLOTS = 256

/** Deadlines of any number of waiting requests on one timer. An entry expires within one tick (25 ms) after its delay, never before it. */
export class TimerWheel {
  readonly #slots: (WheelEntry | undefined)[] = new Array<WheelEntry | undefined>(SLOTS).fill(undefined)
  readonly #setTimer: SetTimer
  readonly #nowMs: () => number
  #tick: number
  #size = 0
  #cancelTimer: (() => void) | undefined

  constructor(nowMs: () => number, setTimer: SetTimer) {
    this.#nowMs = nowMs
    this.#setTimer = setTimer
    this.#tick = Math.floor(nowMs() / TICK_MS)
  }

  get size(): number {
    return this.#size
  }

  add(entry: WheelEntry, delayMs: number): void {
    if (this.#cancelTimer === undefined) {
      this.#tick = Math.floor(this.#nowMs() / TICK_MS)
      this.#arm()
    }
    // One tick more than the quotient: the running tick is already partly over.
    const dueTick = Math.max(Math.floor((this.#nowMs() + delayMs) / TICK_MS) + 1, this.#tick + 1)
    const ahead = dueTick - this.#tick
    const slot = dueTick % SLOTS
    entry.wheelSlot = slot
    entry.wheelRounds = Math.floor((ahead - 1) / SLOTS)
    entry.wheelPrevious = undefined
    entry.wheelNext = this.#slots[slot]
    if (entry.wheelNext !== undefined) entry.wheelNext.wheelPrevious = entry
    this.#slots[slot] = entry
    this.#size++
  }

  /** Takes an entry out before its time; does nothing when it is not in. */
  remove(entry: WheelEntry): void {
    if (entry.wheelSlot < 0) return
    if (entry.wheelPrevious === undefined) this.#slots[entry.wheelSlot] = entry.wheelNext
    else entry.wheelPrevious.wheelNext = entry.wheelNext
    if (entry.wheelNext !== undefined) entry.wheelNext.wheelPrevious = entry.wheelPrevious
    entry.wheelNext = undefined
    entry.wheelPrevious = undefined
    entry.wheelSlot = -1
    this.#size--
  }

  stop(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  // The timer is not cancelled when the last entry leaves: under load that would be one timer per request again.
  #arm(): void {
    this.#cancelTimer = this.#setTimer(() => {
      this.#cancelTimer = undefined
      this.#advance()
      if (this.#size > 0 && this.#cancelTimer === undefined) this.#arm()
    }, TICK_MS)
  }

  #advance(): void {
    const target = Math.floor(this.#nowMs() / TICK_MS)
    // After a long stop of the process each slot is visited once per round that went by, and not more.
    while (this.#tick < target) {
      this.#tick++
      this.#visit(this.#tick % SLOTS)
    }
  }

  #visit(slot: number): void {
    const due: WheelEntry[] = []
    for (let entry = this.#slots[slot]; entry !== undefined; entry = entry.wheelNext) {
      if (entry.wheelRounds > 0) entry.wheelRounds--
      else due.push(entry)
    }
    for (const entry of due) this.remove(entry)
    for (const entry of due) entry.expire()
  }
}
