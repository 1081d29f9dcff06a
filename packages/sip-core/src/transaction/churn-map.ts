/**
 * A map for objects that come and go all the time. When V8 renews the table of a `Map`, the discarded table keeps its entries
 * and points at its successor; once one of them has grown old, the whole row of them survives until the next full
 * collection, with every object that was open when a table was renewed: nearly all messages of a busy gateway. Here the
 * table of V8 holds numbers only, and the objects lie in an array whose places are emptied.
 */
export class ChurnMap<T extends object> {
  readonly #places = new Map<string, number>()
  readonly #objects: (T | undefined)[] = []
  readonly #free: number[] = []

  get size(): number {
    return this.#places.size
  }

  get(key: string): T | undefined {
    const place = this.#places.get(key)
    return place === undefined ? undefined : this.#objects[place]
  }

  has(key: string): boolean {
    return this.#places.has(key)
  }

  set(key: string, object: T): void {
    let place = this.#places.get(key)
    if (place === undefined) {
      place = this.#free.pop() ?? this.#objects.length
      this.#places.set(key, place)
    }
    this.#objects[place] = object
  }

  delete(key: string): boolean {
    const place = this.#places.get(key)
    if (place === undefined) return false
    this.#places.delete(key)
    this.#objects[place] = undefined
    this.#free.push(place)
    return true
  }
}
