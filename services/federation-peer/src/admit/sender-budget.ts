import { ChurnMap } from '@gatehouse/churn-map'

interface Sender {
  open: number
}

/** Open transactions per sender address, so that one user cannot take the whole gate. Bounded by the open transactions themselves. */
export class SenderBudget {
  readonly #senders = new ChurnMap<string, Sender>()
  readonly #max: number

  constructor(maxOpenPerUser: number) {
    this.#max = maxOpenPerUser
  }

  /** False: the sender has as many open as it may; nothing was taken. */
  take(key: string): boolean {
    const sender = this.#senders.get(key)
    if (sender === undefined) {
      if (this.#max < 1) return false
      this.#senders.add(key, { open: 1 })
      return true
    }
    if (sender.open >= this.#max) return false
    sender.open++
    return true
  }

  give(key: string): void {
    const sender = this.#senders.get(key)
    if (sender === undefined) return
    sender.open--
    if (sender.open === 0) this.#senders.delete(key)
  }

  get size(): number {
    return this.#senders.size
  }
}
