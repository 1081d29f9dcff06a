const FIRST_SLOTS = 64

/**
 * Counts distinct addresses in a few kilobytes: open addressing over 32-bit hashes, grown to at most twice the limit.
 * A collision makes it count one address too few (about one in four million at 1,000 entries).
 */
export class AddresseeSet {
  readonly #seed: number
  #slots = new Uint32Array(FIRST_SLOTS)
  #count = 0

  constructor(seed: number) {
    this.#seed = seed
  }

  get count(): number {
    return this.#count
  }

  has(key: string): boolean {
    return this.#slots[this.#slotOf(hash(key, this.#seed))] !== 0
  }

  add(key: string): void {
    const value = hash(key, this.#seed)
    const slot = this.#slotOf(value)
    if (this.#slots[slot] !== 0) return
    this.#slots[slot] = value
    this.#count += 1
    if (this.#count * 2 > this.#slots.length) this.#grow()
  }

  /** The slot that holds `value`, or the free one where it belongs. */
  #slotOf(value: number): number {
    const mask = this.#slots.length - 1
    let slot = value & mask
    while (this.#slots[slot] !== 0 && this.#slots[slot] !== value) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const before = this.#slots
    this.#slots = new Uint32Array(before.length * 2)
    for (const value of before) if (value !== 0) this.#slots[this.#slotOf(value)] = value
  }
}

/** FNV-1a with a seed, finished with a mixer so that the low bits are usable; never 0, which marks a free slot. */
function hash(key: string, seed: number): number {
  let value = (0x811c9dc5 ^ seed) >>> 0
  for (let at = 0; at < key.length; at++) value = Math.imul(value ^ key.charCodeAt(at), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0 || 1
}
