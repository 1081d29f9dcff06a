/** Remembers the last `most` keys, each for `lifetimeMs` at least as far as there is room; the oldest go first. Time is an argument. */
export class RecentMap<V> {
  readonly #most: number
  readonly #lifetimeMs: number
  readonly #entries = new Map<string, { readonly value: V; readonly untilMs: number }>()

  constructor(options: { readonly most: number; readonly lifetimeMs: number }) {
    this.#most = options.most
    this.#lifetimeMs = options.lifetimeMs
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string, nowMs: number): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (nowMs < entry.untilMs) return entry.value
    this.#entries.delete(key)
    return undefined
  }

  /** Setting a key again makes it the newest. */
  set(key: string, value: V, nowMs: number): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, untilMs: nowMs + this.#lifetimeMs })
    if (this.#entries.size <= this.#most) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      break
    }
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
}
