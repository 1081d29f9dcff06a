import { framedSize } from './append-frames.ts'
import type { PackedOutcomes } from './outcome-packer.ts'

/** Outcome records that wait for their turn. Beyond the bound the oldest are dropped and counted. */
export class OutcomeBacklog {
  readonly #max: number
  #waiting: PackedOutcomes[] = []
  #count = 0
  #dropped = 0

  /** `max`: outcomes, not records. */
  constructor(max: number) {
    this.#max = max
  }

  /** Outcomes in the records that wait. */
  get count(): number {
    return this.#count
  }

  get dropped(): number {
    return this.#dropped
  }

  add(packed: readonly PackedOutcomes[]): void {
    for (const each of packed) {
      this.#waiting.push(each)
      this.#count += each.count
    }
    this.#trim()
  }

  /** As many of the oldest as fit in both limits. */
  take(maxRecords: number, maxBytes: number): { readonly packed: readonly PackedOutcomes[]; readonly sizeBytes: number } {
    let count = 0
    let sizeBytes = 0
    for (; count < Math.min(this.#waiting.length, maxRecords); count++) {
      const size = framedSize(this.#waiting[count]!.record)
      if (sizeBytes + size > maxBytes) break
      sizeBytes += size
    }
    const packed = this.#waiting.splice(0, count)
    for (const each of packed) this.#count -= each.count
    return { packed, sizeBytes }
  }

  /** Those that could not be delivered go back to the front. */
  giveBack(packed: readonly PackedOutcomes[]): void {
    const newer = this.#waiting
    this.#waiting = []
    this.#count = 0
    this.add([...packed, ...newer])
  }

  #trim(): void {
    let excess = 0
    while (this.#count > this.#max) {
      const { count } = this.#waiting[excess++]!
      this.#count -= count
      this.#dropped += count
    }
    if (excess > 0) this.#waiting.splice(0, excess)
  }
}
