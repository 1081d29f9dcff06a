/** What a WHOIS told. */
export interface WhoisAnswer {
  readonly isOnline: boolean
  readonly account: string | undefined
  /** Their words for being away; undefined: they are not. */
  readonly away: string | undefined
}

type OnAnswer = (answer: WhoisAnswer | undefined) => void

/** Questions about nicks that wait for the server; those about the same nick share one. */
export class AskQueue {
  readonly #waiting = new Map<string, OnAnswer[]>()

  /** True: nobody has asked yet, so the caller has to. `nick`: folded. */
  add(nick: string, onAnswer: OnAnswer): boolean {
    const waiting = this.#waiting.get(nick)
    if (waiting !== undefined) {
      waiting.push(onAnswer)
      return false
    }
    this.#waiting.set(nick, [onAnswer])
    return true
  }

  answer(nick: string, answer: WhoisAnswer): void {
    const waiting = this.#waiting.get(nick) ?? []
    this.#waiting.delete(nick)
    for (const onAnswer of waiting) onAnswer(answer)
  }

  /** The connection is gone: nobody will answer. */
  giveUp(): void {
    const all = [...this.#waiting.values()].flat()
    this.#waiting.clear()
    for (const onAnswer of all) onAnswer(undefined)
  }
}
