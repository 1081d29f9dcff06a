/** Open transactions per sender address, so that one user cannot take the whole gate. Bounded by the open transactions themselves. */
export class SenderBudget {
  readonly #open = new Map<string, number>()
  readonly #max: number

  constructor(maxOpenPerUser: number) {
    this.#max = maxOpenPerUser
  }

  /** False: the sender has as many open as it may; nothing was taken. */
  take(key: string): boolean {
    const open = this.#open.get(key) ?? 0
    if (open >= this.#max) return false
    this.#open.set(key, open + 1)
    return true
  }

  give(key: string): void {
    const open = this.#open.get(key) ?? 0
    if (open <= 1) this.#open.delete(key)
    else this.#open.set(key, open - 1)
  }

  get size(): number {
    return this.#open.size
  }
}
