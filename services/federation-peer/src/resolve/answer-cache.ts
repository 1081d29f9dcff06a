/** An answer and how long it may be used. */
export interface Answer<T> {
  readonly value: T
  readonly lifetimeMs: number
}

interface Cached<T> {
  readonly value: T
  readonly expiresAtMs: number
}

export interface AnswerCacheOptions<T> {
  readonly maxEntries: number
  readonly maxInFlight: number
  readonly maxWaiting: number
  readonly nowMs: () => number
  /** Never rejects. */
  readonly ask: (key: string) => Promise<Answer<T>>
  /** The answer when too much is under way; not kept. */
  readonly busy: (key: string) => T
}

/** Bounded cache with single flight. Nothing is served after its expiry. */
export class AnswerCache<T> {
  readonly #options: AnswerCacheOptions<T>
  /** Least lately stored first. */
  readonly #cached = new Map<string, Cached<T>>()
  readonly #inFlight = new Map<string, ((value: T) => void)[]>()
  #waiting = 0

  constructor(options: AnswerCacheOptions<T>) {
    this.#options = options
  }

  get size(): number {
    return this.#cached.size
  }

  peek(key: string): T | undefined {
    const cached = this.#cached.get(key)
    if (cached === undefined) return undefined
    if (this.#options.nowMs() < cached.expiresAtMs) return cached.value
    this.#cached.delete(key)
    return undefined
  }

  /** `onDone` is called exactly once; before this returns when the answer is cached or too much is under way. */
  get(key: string, onDone: (value: T) => void): void {
    const value = this.peek(key)
    if (value !== undefined) {
      onDone(value)
      return
    }
    const waiting = this.#inFlight.get(key)
    const isFull = waiting === undefined ? this.#inFlight.size >= this.#options.maxInFlight : this.#waiting >= this.#options.maxWaiting
    if (isFull) {
      onDone(this.#options.busy(key))
      return
    }
    this.#waiting += 1
    if (waiting !== undefined) {
      waiting.push(onDone)
      return
    }
    this.#inFlight.set(key, [onDone])
    void this.#options.ask(key).then((answer) => this.#answered(key, answer))
  }

  /** Forgets every answer; lookups under way go on. */
  clear(): void {
    this.#cached.clear()
  }

  #answered(key: string, answer: Answer<T>): void {
    this.#store(key, answer)
    const waiting = this.#inFlight.get(key) ?? []
    this.#inFlight.delete(key)
    this.#waiting -= waiting.length
    for (const onDone of waiting) onDone(answer.value)
  }

  #store(key: string, answer: Answer<T>): void {
    this.#cached.delete(key)
    if (answer.lifetimeMs <= 0) return
    if (this.#cached.size >= this.#options.maxEntries) {
      const [oldest] = this.#cached.keys()
      if (oldest !== undefined) this.#cached.delete(oldest)
    }
    this.#cached.set(key, { value: answer.value, expiresAtMs: this.#options.nowMs() + answer.lifetimeMs })
  }
}
