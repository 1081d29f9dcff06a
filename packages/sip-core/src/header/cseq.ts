import { CharClass, decimalAt, skipClass, skipSpace, trimEnd } from '../text/characters.ts'

/** RFC 3261 §8.1.1.5: the sequence number MUST be less than 2^31. */
const CSEQ_LIMIT = 2 ** 31

/** RFC 3261 §20.16. */
export interface CSeq {
  readonly number: number
  /** As written: methods are case-sensitive. */
  readonly method: string
}

/** Parses a CSeq value; undefined when not well formed or out of range. */
export function parseCSeq(text: string): CSeq | undefined {
  return scanCSeq(text, 0, text.length)
}

export function scanCSeq(text: string, start: number, end: number): CSeq | undefined {
  const numberStart = skipSpace(text, start, end)
  const numberEnd = skipClass(text, numberStart, end, CharClass.digit)
  const number = decimalAt(text, numberStart, numberEnd)
  const methodStart = skipSpace(text, numberEnd, end)
  const methodEnd = trimEnd(text, methodStart, end)
  if (number < 0 || number >= CSEQ_LIMIT || methodStart === numberEnd || methodEnd === methodStart) return undefined
  if (skipClass(text, methodStart, methodEnd, CharClass.token) !== methodEnd) return undefined
  return { number, method: text.slice(methodStart, methodEnd) }
}
