/** What is kept per connection. */
export interface OpenCount {
  openTransactions: number
  isPausedForTransactions: boolean
}

/** At least so many, however many peers are busy: with an answer after 10 ms that is 6,400 messages per second of one connection. */
const SMALLEST_SHARE = 64

/**
 * How many transactions one connection of a side may have open: all of the limit while it is alone, its part of it while others
 * have some open, too. What one peer has in work is what the others wait for; paused is whoever has more than its share.
 */
export class OpenShare {
  readonly #limit: number
  #busy = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** One more; true: it is not to be read for now. */
  begin(count: OpenCount): boolean {
    if (count.openTransactions === 0) this.#busy++
    count.openTransactions++
    if (count.isPausedForTransactions || count.openTransactions < this.#share()) return false
    count.isPausedForTransactions = true
    return true
  }

  /** One less; true: it may be read again. */
  end(count: OpenCount): boolean {
    count.openTransactions--
    if (count.openTransactions === 0) this.#busy--
    if (!count.isPausedForTransactions || count.openTransactions > this.#share() / 2) return false
    count.isPausedForTransactions = false
    return true
  }

  /** It closed: what it had open counts no more, whenever it ends. */
  leave(count: OpenCount): void {
    if (count.openTransactions > 0) this.#busy--
    count.openTransactions = 0
  }

  #share(): number {
    const part = Math.floor(this.#limit / Math.max(1, this.#busy))
    return Math.min(this.#limit, Math.max(SMALLEST_SHARE, part))
  }
}
