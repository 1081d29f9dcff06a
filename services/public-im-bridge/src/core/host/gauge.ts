import type { Intake } from '@gatehouse/bridge-kit'

/** Counts what is under way against a limit, and calls back those who wait for room. */
export class Gauge implements Intake {
  readonly #most: number
  readonly #lowMark: number
  #open = 0
  #waiting: (() => void)[] = []

  constructor(most: number) {
    this.#most = most
    this.#lowMark = Math.floor(most / 2)
  }

  get open(): number {
    return this.#open
  }

  get isFull(): boolean {
    return this.#open >= this.#most
  }

  /** False: there is no room; nothing was taken. */
  take(): boolean {
    if (this.isFull) return false
    this.#open++
    return true
  }

  give(): void {
    this.#open--
    if (this.#open > this.#lowMark || this.#waiting.length === 0) return
    // on a turn of their own: who waited may take in at once
    for (const run of this.#waiting.splice(0)) setImmediate(run)
  }

  onceReady(run: () => void): void {
    if (this.#open <= this.#lowMark) setImmediate(run)
    else this.#waiting.push(run)
  }
}
