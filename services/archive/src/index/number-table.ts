const EMPTY = 0
const FIRST_SIZE = 1024

/** Numbers under numbers of up to 48 bits, several under one if need be. For as many as a slice has records it costs a tenth of a `Map`. */
export class NumberTable {
  #keys = new Float64Array(FIRST_SIZE)
  #values = new Float64Array(FIRST_SIZE)
  #mask = FIRST_SIZE - 1
  #count = 0

  add(key: number, value: number): void {
    if (this.#count * 2 >= this.#keys.length) this.#grow()
    this.#put(key, value)
    this.#count++
  }

  /** What stands under a key, in the order it came; the same empty list when there is nothing. */
  get(key: number): readonly number[] {
    let found: number[] | undefined
    for (let at = this.#slotOf(key); this.#keys[at] !== EMPTY; at = (at + 1) & this.#mask) {
      if (this.#keys[at] !== key + 1) continue
      found ??= []
      found.push(this.#values[at]!)
    }
    return found ?? NOTHING
  }

  #put(key: number, value: number): void {
    let at = this.#slotOf(key)
    while (this.#keys[at] !== EMPTY) at = (at + 1) & this.#mask
    this.#keys[at] = key + 1
    this.#values[at] = value
  }

  #slotOf(key: number): number {
    const high = Math.floor(key / 2 ** 32)
    const mixed = Math.imul((key - high * 2 ** 32) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1)
    return (mixed ^ (mixed >>> 15)) & this.#mask
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values]
    this.#keys = new Float64Array(keys.length * 2)
    this.#values = new Float64Array(keys.length * 2)
    this.#mask = this.#keys.length - 1
    for (let at = 0; at < keys.length; at++) if (keys[at] !== EMPTY) this.#put(keys[at]! - 1, values[at]!)
  }
}

const NOTHING: readonly number[] = []
