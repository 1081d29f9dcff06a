interface Cell<T> {
  object: T | undefined
}

/**
 * A map for objects that come and go all the time. When V8 renews the table of a `Map`, the discarded table keeps its entries
 * and points at its successor; once one of them has grown old, the whole row of them survives until the next full
 * collection, with every object that was open when a table was renewed: nearly all messages of a busy gateway. Here the
 * table of V8 holds small cells, and a cell is emptied when its object leaves.
 */
export class ChurnMap<T extends object> {
  readonly #cells = new Map<string, Cell<T>>()

  get size(): number {
    return this.#cells.size
  }

  get(key: string): T | undefined {
    return this.#cells.get(key)?.object
  }

  has(key: string): boolean {
    return this.#cells.has(key)
  }

  /** For a key that is not in: what would be replaced would not be let go. */
  add(key: string, object: T): void {
    this.#cells.set(key, { object })
  }

  /** For a key that is in. */
  replace(key: string, object: T): void {
    const cell = this.#cells.get(key)
    if (cell !== undefined) cell.object = object
  }

  delete(key: string): boolean {
    const cell = this.#cells.get(key)
    if (cell === undefined) return false
    cell.object = undefined
    return this.#cells.delete(key)
  }
}
