import type { Latency } from './load-orders.ts'

/** Each power of two of microseconds in so many steps: an error below 1 %. */
const STEPS = 128
const POWERS = 28

/** Latencies in a fixed amount of memory, however many there are. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(STEPS * POWERS)
  #total = 0

  add(ms: number): void {
    const us = Math.max(1, ms * 1000)
    const power = Math.min(POWERS - 1, Math.floor(Math.log2(us)))
    const step = Math.min(STEPS - 1, Math.floor((us / 2 ** power - 1) * STEPS))
    const at = power * STEPS + step
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#total += 1
  }

  addAll(other: LatencyHistogram): void {
    for (let at = 0; at < this.#counts.length; at += 1) this.#counts[at] = (this.#counts[at] ?? 0) + (other.#counts[at] ?? 0)
    this.#total += other.#total
  }

  clear(): void {
    this.#counts.fill(0)
    this.#total = 0
  }

  p99Ms(): number {
    return this.#at(0.99)
  }

  maxMs(): number {
    return this.#at(1)
  }

  latency(): Latency {
    return { p50Ms: this.#at(0.5), p99Ms: this.#at(0.99), p999Ms: this.#at(0.999) }
  }

  #at(share: number): number {
    let left = this.#total * share
    for (let at = 0; at < this.#counts.length; at += 1) {
      left -= this.#counts[at] ?? 0
      if (left <= 0 && this.#total > 0) return (2 ** Math.floor(at / STEPS) * (1 + ((at % STEPS) + 0.5) / STEPS)) / 1000
    }
    return 0
  }
}
