// Sorting natively takes longer for more than that: it compares numbers pair by pair.
const LEAST = 1024
const DIGIT_BITS = 11
const DIGITS = 2 ** DIGIT_BITS

/**
 * Sorts whole numbers that are not negative, in place. By the bits of the numbers, as doubles have them: of such numbers, the greater one has the
 * greater bits. Little endian, as every machine has them that runs this.
 */
export function sortPostings(postings: Float64Array): void {
  const count = postings.length
  if (count < LEAST) {
    postings.sort()
    return
  }
  let from = postings
  let to: Float64Array = new Float64Array(count)
  const ends = new Uint32Array(DIGITS)
  for (const word of [0, 1]) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      if (!countDigits(from, word, shift, ends)) continue
      distribute(from, to, word, shift, ends)
      ;[from, to] = [to, from]
    }
  }
  if (from !== postings) postings.set(from)
}

/** Where each digit begins, in `starts`; false: all have the same. */
function countDigits(numbers: Float64Array, word: number, shift: number, starts: Uint32Array): boolean {
  const words = wordsOf(numbers)
  starts.fill(0)
  for (let at = word; at < words.length; at += 2) starts[(words[at]! >>> shift) & (DIGITS - 1)]!++
  let sum = 0
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = starts[digit]!
    if (count === numbers.length) return false
    starts[digit] = sum
    sum += count
  }
  return true
}

function distribute(from: Float64Array, to: Float64Array, word: number, shift: number, starts: Uint32Array): void {
  const words = wordsOf(from)
  for (let at = 0; at < from.length; at++) {
    const digit = (words[2 * at + word]! >>> shift) & (DIGITS - 1)
    to[starts[digit]!++] = from[at]!
  }
}

function wordsOf(numbers: Float64Array): Uint32Array {
  return new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length * 2)
}
