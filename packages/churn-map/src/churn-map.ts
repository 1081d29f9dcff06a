interface Cell<T> {
  object: T | undefined
}

/** Additions after which the table is renewed, unless it has more entries. A few thousand messages pass between two young collections. */
const MIN_ADDITIONS = 64

/**
 * A map for objects that come and go all the time. When V8 renews the table of a `Map`, the discarded table keeps its entries
 * and points at its successor; once one of them has grown old, the whole row of them survives until the next full
 * collection. Here the row is cut by a new `Map` now and then, and the table holds small cells that are emptied when their
 * object leaves, so that a discarded table keeps no object.
 */
export class ChurnMap<K, T extends object> {
  #cells = new Map<K, Cell<T>>()
  #additions = 0

  get size(): number {
    return this.#cells.size
  }

  get(key: K): T | undefined {
    return this.#cells.get(key)?.object
  }

  has(key: K): boolean {
    return this.#cells.has(key)
  }

  /** For a key that is not in: what would be replaced would not be let go. */
  add(key: K, object: T): void {
    if (++this.#additions > MIN_ADDITIONS && this.#additions > this.#cells.size) this.#renew()
    this.#cells.set(key, { object })
  }

  /** For a key that is in. */
  replace(key: K, object: T): void {
    const cell = this.#cells.get(key)
    if (cell !== undefined) cell.object = object
  }

  delete(key: K): boolean {
    const cell = this.#cells.get(key)
    if (cell === undefined) return false
    cell.object = undefined
    return this.#cells.delete(key)
  }

  /** As many entries are copied as were added since the last time, at most: constant work per addition. */
  #renew(): void {
    this.#cells = new Map(this.#cells)
    this.#additions = 0
  }
}
