// 16 bits for each key and four of them set: one new key in 400 is looked for in vain.
const PART_KEYS = 2 ** 20
const PART_BITS = 2 ** 24
const MOST_PARTS = 64

interface Part {
  readonly bits: Uint32Array
  count: number
  /** When the last key was committed. */
  lastAtUs: number
}

/**
 * Whether a key may have been seen before: a Bloom filter in parts, so that what is old can be dropped. It holds 64 million keys in 128 MB;
 * of older ones it says that it does not know.
 */
export class SeenKeys {
  readonly #parts: Part[] = []
  #unknownUntilUs = Number.NEGATIVE_INFINITY

  /** Keys committed until then are not known here. */
  get unknownUntilUs(): number {
    return this.#unknownUntilUs
  }

  /** In the order of commits. `key`: of 48 bits at most. */
  add(key: number, committedAtUs: number): void {
    let part = this.#parts.at(-1)
    if (part === undefined || part.count >= PART_KEYS) {
      part = { bits: new Uint32Array(PART_BITS / 32), count: 0, lastAtUs: committedAtUs }
      this.#parts.push(part)
      if (this.#parts.length > MOST_PARTS) this.#unknownUntilUs = this.#parts.shift()!.lastAtUs
    }
    const step = stepOf(key)
    for (let bit = firstOf(key), left = 4; left > 0; left--, bit = (bit + step) >>> 0) part.bits[(bit >>> 5) % WORDS]! |= 1 << (bit & 31)
    part.count++
    part.lastAtUs = committedAtUs
  }

  /** False: certainly not, of what was committed since then and is known here. */
  mayHave(key: number, sinceUs: number): boolean {
    while (this.#parts.length > 1 && this.#parts[0]!.lastAtUs < sinceUs) this.#parts.shift()
    const [first, step] = [firstOf(key), stepOf(key)]
    for (let at = this.#parts.length - 1; at >= 0; at--) {
      const { bits, lastAtUs } = this.#parts[at]!
      if (lastAtUs < sinceUs) break
      let isThere = true
      for (let bit = first, left = 4; isThere && left > 0; left--, bit = (bit + step) >>> 0)
        isThere = (bits[(bit >>> 5) % WORDS]! & (1 << (bit & 31))) !== 0
      if (isThere) return true
    }
    return false
  }
}

const WORDS = PART_BITS / 32

function firstOf(key: number): number {
  const high = Math.floor(key / 2 ** 32)
  return Math.imul((key - high * 2 ** 32) ^ Math.imul(high + 1, 0x9e3779b1), 0x85ebca6b) >>> 0
}

function stepOf(key: number): number {
  const low = Math.imul(key % 2 ** 31, 0xc2b2ae35)
  return ((low ^ (low >>> 13)) >>> 0) | 1
}
