import { ChurnMap } from '@gatehouse/churn-map'
import type { ServerTransaction } from './server-transaction.ts'

/**
 * Server transactions by key. Transactions with the same key differ in method (RFC 3261 §17.2.3) and hang on one chain;
 * an honest sender never makes one longer than one, so its length is bounded against the others.
 */
export class ServerTable {
  readonly #byKey = new ChurnMap<string, ServerTransaction>()
  readonly #maxMethodsPerKey: number
  #size = 0

  constructor(maxMethodsPerKey: number) {
    this.#maxMethodsPerKey = maxMethodsPerKey
  }

  get size(): number {
    return this.#size
  }

  find(key: string, method: string): ServerTransaction | undefined {
    let found = this.#byKey.get(key)
    while (found !== undefined && found.request.method !== method) found = found.sibling
    return found
  }

  /** RFC 3261 §9.2: what a CANCEL is for — the INVITE, or else whatever other request has the key. */
  findCancelled(key: string): ServerTransaction | undefined {
    return this.find(key, 'INVITE') ?? this.#byKey.get(key)
  }

  /** False when the chain is full. */
  add(transaction: ServerTransaction): boolean {
    const head = this.#byKey.get(transaction.key)
    if (head !== undefined) {
      let length = 1
      for (let next = head.sibling; next !== undefined; next = next.sibling) length++
      if (length >= this.#maxMethodsPerKey) return false
      transaction.sibling = head
      this.#byKey.replace(transaction.key, transaction)
    } else this.#byKey.add(transaction.key, transaction)
    this.#size++
    return true
  }

  remove(transaction: ServerTransaction): void {
    const head = this.#byKey.get(transaction.key)
    if (head === undefined) return
    if (head === transaction) {
      if (transaction.sibling === undefined) this.#byKey.delete(transaction.key)
      else this.#byKey.replace(transaction.key, transaction.sibling)
    } else {
      let before = head
      while (before.sibling !== undefined && before.sibling !== transaction) before = before.sibling
      if (before.sibling === undefined) return
      before.sibling = transaction.sibling
    }
    transaction.sibling = undefined
    this.#size--
  }
}
