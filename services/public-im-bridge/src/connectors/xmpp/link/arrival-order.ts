/** A query that asks for a sign of life is not kept waiting longer than that by a message that takes its time. */
const MAX_WAIT_MS = 10_000

/**
 * What came in on one stream and is not dealt with yet. A server handles the stanzas of a stream in order (RFC 6120 §10.1): who asks behind a
 * message whether we are there may take the answer as "and I had dealt with that".
 */
export class ArrivalOrder {
  #last = 0
  readonly #open = new Set<number>()
  #waiting: { readonly behind: number; readonly untilMs: number; readonly run: () => void }[] = []

  /** Something came in; call the result once it is dealt with. */
  begin(): () => void {
    this.#last += 1
    const number = this.#last
    this.#open.add(number)
    return () => {
      if (this.#open.delete(number)) this.#wake(0)
    }
  }

  /** Runs once all that came before is dealt with: at once, where nothing is open. */
  behind(nowMs: number, run: () => void): void {
    if (this.#open.size === 0) run()
    else this.#waiting.push({ behind: this.#last, untilMs: nowMs + MAX_WAIT_MS, run })
  }

  sweep(nowMs: number): void {
    if (this.#waiting.length > 0) this.#wake(nowMs)
  }

  #wake(nowMs: number): void {
    const [oldest = Number.POSITIVE_INFINITY] = this.#open
    const ready = this.#waiting.filter(({ behind, untilMs }) => behind < oldest || untilMs <= nowMs)
    if (ready.length === 0) return
    this.#waiting = this.#waiting.filter((one) => !ready.includes(one))
    for (const { run } of ready) run()
  }
}
