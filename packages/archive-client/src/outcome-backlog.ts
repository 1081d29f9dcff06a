import { framedSize } from './append-frames.ts'

/** Outcome records that wait for their turn. Beyond the bound the oldest are dropped and counted. */
export class OutcomeBacklog {
  readonly #max: number
  #waiting: Uint8Array[] = []
  #dropped = 0

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#waiting.length
  }

  get dropped(): number {
    return this.#dropped
  }

  add(record: Uint8Array): void {
    this.#waiting.push(record)
    this.#trim()
  }

  /** As many of the oldest as fit in both limits. */
  take(maxRecords: number, maxBytes: number): { readonly records: readonly Uint8Array[]; readonly sizeBytes: number } {
    let count = 0
    let sizeBytes = 0
    for (; count < Math.min(this.#waiting.length, maxRecords); count++) {
      const size = framedSize(this.#waiting[count]!)
      if (sizeBytes + size > maxBytes) break
      sizeBytes += size
    }
    if (count === this.#waiting.length) {
      const records = this.#waiting
      this.#waiting = []
      return { records, sizeBytes }
    }
    return { records: this.#waiting.splice(0, count), sizeBytes }
  }

  /** Those that could not be delivered go back to the front. */
  giveBack(records: readonly Uint8Array[]): void {
    this.#waiting = [...records, ...this.#waiting]
    this.#trim()
  }

  // In chunks: dropping one at a time from the front of a full queue would move the whole queue each time.
  #trim(): void {
    if (this.#waiting.length <= this.#max) return
    const excess = Math.min(this.#waiting.length, this.#waiting.length - this.#max + Math.floor(this.#max / 16))
    this.#waiting.splice(0, excess)
    this.#dropped += excess
  }
}
