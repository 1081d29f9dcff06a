/**
 * What records are found by. A term is a kind and a number of 33 bits, mostly a hash: whoever finds a record by it compares with the record
 * itself. With 16 bits for the place in a slice it fits a number that JavaScript keeps exactly, so that a slice is sorted as numbers.
 */
export const TERM = {
  id: 1,
  key: 2,
  from: 3,
  to: 4,
  domain: 5,
  conversation: 6,
  verdict: 7,
  mark: 8,
  outcome: 9,
  bodyKey: 10,
  pair: 11,
} as const

export type TermKind = (typeof TERM)[keyof typeof TERM]

const VALUE_RANGE = 2 ** 33

/** Records of one slice of the index; slices begin at sequences 1, 65537, … */
export const SLICE_RECORDS = 65_536

export function termOf(kind: TermKind, value: number): number {
  return kind * VALUE_RANGE + value
}

/** Nearly every record has these, so that an index of them finds nothing sooner than going through the log. */
export const COMMON_VERDICT = 'allow'
export const COMMON_MARK = 'verified'

export function textTerm(kind: TermKind, text: string): number {
  return termOf(kind, valueOfText(text))
}

/** Two participants, whichever of them writes; as `searchAddress` gives them. */
export function pairTerm(one: string, other: string): number {
  return pairOf(valueOfText(one), valueOfText(other))
}

/** The same of their values. */
export function pairOf(one: number, other: number): number {
  return termOf(TERM.pair, (one + other) % VALUE_RANGE)
}

/** Undefined: it is not indexed, because nearly all records have it. */
export function verdictTerm(verdict: string): number | undefined {
  return verdict === COMMON_VERDICT ? undefined : textTerm(TERM.verdict, verdict)
}

/** Undefined: likewise. */
export function markTerm(mark: string): number | undefined {
  return mark === COMMON_MARK ? undefined : textTerm(TERM.mark, mark)
}

export function bodyKeyTerm(keyId: number): number {
  return termOf(TERM.bodyKey, keyId % VALUE_RANGE)
}

/** By the time in it: such terms of one slice stand close together. `word`: as latin1 text. */
export function idTerm(word: string): number {
  return termOf(TERM.id, (word.charCodeAt(1) & 1) * 2 ** 32 + readUint32(word, 2))
}

export function keyTerm(word: string): number {
  return termOf(TERM.key, (word.charCodeAt(4) & 1) * 2 ** 32 + readUint32(word, 0))
}

/** `bucket`: of `outcomeBucket`. */
export function outcomeTerm(bucket: number): number {
  return termOf(TERM.outcome, bucket % VALUE_RANGE)
}

/** Steps of 65 s that tell which slices can have an id, and an outcome: the time that is in an envelope id, without its last 16 bits. */
export function stepOfWord(word: string): number {
  return readUint32(word, 0)
}

export function stepOfBucket(bucket: number): number {
  return Math.floor(bucket / 256)
}

/** `outcomeBucket` of an id as latin1 text. */
export function bucketOfWord(word: string): number {
  return readUint32(word, 0) * 256 + word.charCodeAt(4)
}

function readUint32(word: string, at: number): number {
  return ((word.charCodeAt(at) << 24) | (word.charCodeAt(at + 1) << 16) | (word.charCodeAt(at + 2) << 8) | word.charCodeAt(at + 3)) >>> 0
}

// FNV-1a with 32 bits, run twice: spreads well enough where matches are compared with the record.
const PRIME = 0x01000193
const HIGH_START = 0x811c9dc5
const LOW_START = 0xcbf29ce4

/** 33 bits of any text. */
export function valueOfText(text: string): number {
  let high = HIGH_START
  let low = LOW_START
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    high = Math.imul(high ^ unit, PRIME)
    low = Math.imul(low ^ (unit + 0x9d), PRIME)
  }
  return (low >>> 31) * 2 ** 32 + (high >>> 0)
}

/** The same of a text in ASCII as bytes, in lower case where that `isLower`; -1 where it is not ASCII. */
export function valueOfAscii(bytes: Uint8Array, start: number, stop: number, isLower: boolean): number {
  let high = HIGH_START
  let low = LOW_START
  for (let at = start; at < stop; at++) {
    let unit = bytes[at]!
    if (unit >= 0x80) return -1
    if (isLower && unit >= 0x41 && unit <= 0x5a) unit += 0x20
    high = Math.imul(high ^ unit, PRIME)
    low = Math.imul(low ^ (unit + 0x9d), PRIME)
  }
  return (low >>> 31) * 2 ** 32 + (high >>> 0)
}
