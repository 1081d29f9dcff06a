import { RECORD_TYPE, type RecordFields } from '../append/record-fields.ts'
import { searchAddress, searchDomain } from '../append/search-address.ts'

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
const COMMON_VERDICT = 'allow'
const COMMON_MARK = 'verified'

/** Hands over each term that a record is found by. */
export function eachTerm(fields: RecordFields, add: (term: number) => void): void {
  if (fields.type === RECORD_TYPE.outcomes) for (const bucket of fields.buckets) add(outcomeTerm(bucket))
  else if (fields.type === RECORD_TYPE.outcome) add(outcomeTerm(bucketOfWord(fields.envelopeId)))
  else if (fields.type === RECORD_TYPE.entry) eachTermOfEntry(fields, add)
}

function eachTermOfEntry(fields: RecordFields, add: (term: number) => void): void {
  const [from, to] = [searchAddress(fields.fromAddress), searchAddress(fields.toAddress)]
  const [fromDomain, toDomain] = [searchDomain(from), searchDomain(to)]
  add(idTerm(fields.envelopeId))
  add(keyTerm(fields.idempotencyKey))
  add(textTerm(TERM.from, from))
  add(textTerm(TERM.to, to))
  add(textTerm(TERM.domain, fromDomain))
  if (fromDomain !== toDomain) add(textTerm(TERM.domain, toDomain))
  add(pairTerm(from, to))
  add(textTerm(TERM.conversation, fields.conversation))
  const verdict = verdictTerm(fields.verdict)
  if (verdict !== undefined) add(verdict)
  const mark = markTerm(fields.mark)
  if (mark !== undefined) add(mark)
  if (fields.keyId > 0) add(bodyKeyTerm(fields.keyId))
}

export function textTerm(kind: TermKind, text: string): number {
  return termOf(kind, valueOfText(text))
}

/** Two participants, whichever of them writes; as `searchAddress` gives them. */
export function pairTerm(one: string, other: string): number {
  return textTerm(TERM.pair, one < other ? `${one}\n${other}` : `${other}\n${one}`)
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

/** 33 bits of any text. */
export function valueOfText(text: string): number {
  let high = 0x811c9dc5
  let low = 0xcbf29ce4
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    high = Math.imul(high ^ unit, PRIME)
    low = Math.imul(low ^ (unit + 0x9d), PRIME)
  }
  return (low >>> 31) * 2 ** 32 + (high >>> 0)
}
