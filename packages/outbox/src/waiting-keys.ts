/**
 * Which conversations have messages waiting, as far as this replica knows. It may know of some that are done by now (another replica did
 * them), never, once told, the other way round: what is sent past a waiting message would overtake it.
 */
export class WaitingKeys {
  readonly #known = new Set<string>()
  /** Puts that are not acknowledged yet, by key. */
  readonly #pending = new Map<string, number>()
  /** Messages in the store; exact when this replica is the only one. */
  stored = 0
  /** Rises with everything that is heard: what was asked of the store before may be old by then. */
  changes = 0
  #pendingCount = 0

  get count(): number {
    return this.stored + this.#pendingCount
  }

  get isEmpty(): boolean {
    return this.#known.size === 0 && this.#pendingCount === 0
  }

  has(key: string): boolean {
    return this.#known.has(key) || this.#pending.has(key)
  }

  putBegan(key: string): void {
    this.#pendingCount++
    this.#pending.set(key, (this.#pending.get(key) ?? 0) + 1)
  }

  putEnded(key: string, isStored: boolean): void {
    this.#pendingCount--
    const left = (this.#pending.get(key) ?? 1) - 1
    if (left === 0) this.#pending.delete(key)
    else this.#pending.set(key, left)
    this.changes++
    if (!isStored) return
    this.stored++
    this.#known.add(key)
  }

  note(key: string): void {
    this.#known.add(key)
    this.changes++
  }

  done(key: string, isLastOfKey: boolean): void {
    this.stored = Math.max(0, this.stored - 1)
    if (isLastOfKey) this.#known.delete(key)
  }

  /** The store holds nothing of this destination any more. */
  clear(): void {
    this.#known.clear()
    this.stored = 0
  }
}
