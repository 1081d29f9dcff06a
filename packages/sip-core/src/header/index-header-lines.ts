import { BACKSLASH, CHAR_CLASSES, CharClass, COLON, CR, DEL, LF, QUOTE, SPACE, TAB } from '../text/characters.ts'
import { HeaderLine } from './header-line.ts'
import { BAD_HEADER, hashStep, headerIdAt } from './header-names.ts'

/** 1 for every byte that needs no second look inside a header line. */
const PLAIN: Uint8Array = new Uint8Array(256).map((_, code) => (code >= SPACE && code !== DEL ? 1 : 0))

/** What is wrong with a head, found while it was indexed; positions are offsets into the head, -1 for none. */
export interface HeadIndex {
  readonly lines: HeaderLine[]
  /** First bare CR or LF. RFC 3261 §7: every line ends in CRLF. */
  bareLineEndAt: number
  /** First control character that is not the second half of an escape. */
  controlAt: number
  /** First line without a header name and a colon. */
  badLineAt: number
  hasTooManyLines: boolean
}

/**
 * Cuts `head` (latin1, ends in an empty line) into header lines, beginning at `from`; the same characters stand in `bytes`
 * from `offset` on, where they are cheaper to look at. One pass, no regular expression: this is the hot path.
 * RFC 3261 §7.3.1 (folding: a line that begins with white space continues the one before), §25.1 (header = name HCOLON
 * value; HCOLON allows blanks before the colon).
 */
export function indexHeaderLines(head: string, bytes: Uint8Array, offset: number, from: number, maxLines: number): HeadIndex {
  const index: HeadIndex = { lines: [], bareLineEndAt: -1, controlAt: -1, badLineAt: -1, hasTooManyLines: false }
  const end = offset + head.length - 2
  let position = offset + from
  while (position < end) {
    if (index.lines.length === maxLines) {
      index.hasTooManyLines = true
      break
    }
    const start = position
    let hash = 0
    let code = bytes[position]!
    while ((CHAR_CLASSES[code]! & CharClass.token) !== 0) {
      hash = hashStep(hash, code)
      code = bytes[++position]!
    }
    const nameEnd = position
    while (code === SPACE || code === TAB) code = bytes[++position]!
    const isHeader = code === COLON && nameEnd > start
    if (isHeader) position++
    else if (index.badLineAt < 0) index.badLineAt = start - offset
    position = pushLine(
      index,
      head,
      bytes,
      offset,
      start,
      nameEnd,
      position,
      isHeader ? headerIdAt(bytes, start, nameEnd, hash) : BAD_HEADER,
    )
  }
  return index
}

/** Finds the end of the line whose value begins at `valueStart`, adds the line, gives the start of the next one; all positions are those in `bytes`. */
function pushLine(
  index: HeadIndex,
  head: string,
  bytes: Uint8Array,
  offset: number,
  start: number,
  nameEnd: number,
  valueStart: number,
  id: number,
): number {
  const end = offset + head.length
  let position = valueStart
  let isFolded = false
  let hasControl = false
  while (position < end) {
    // Four plain characters at a time: nearly all of them are.
    while (
      position + 3 < end &&
      (PLAIN[bytes[position]!]! & PLAIN[bytes[position + 1]!]! & PLAIN[bytes[position + 2]!]! & PLAIN[bytes[position + 3]!]!) !== 0
    ) {
      position += 4
    }
    const code = bytes[position]!
    if (PLAIN[code] !== 0) {
      position++
    } else if (code === CR && bytes[position + 1] === LF) {
      const next = bytes[position + 2]
      if (next !== SPACE && next !== TAB) break
      isFolded = true
      position += 3
    } else {
      if (code === CR || code === LF) {
        if (index.bareLineEndAt < 0) index.bareLineEndAt = position - offset
      } else if (code !== TAB) hasControl = true
      position++
    }
  }
  if (hasControl && index.controlAt < 0) index.controlAt = findBareControl(head, valueStart - offset, position - offset)
  const next = Math.min(position + 2, end)
  index.lines.push(new HeaderLine(id, head, start - offset, nameEnd - offset, valueStart - offset, next - offset, isFolded))
  return next
}

/**
 * First control character of `head[start, end)` that is not escaped inside quotes, or -1.
 * RFC 3261 §25.1 quoted-pair: even NUL may stand after a backslash in a quoted string (RFC 4475 §3.1.1.2).
 */
function findBareControl(head: string, start: number, end: number): number {
  let isQuoted = false
  for (let position = start; position < end; position++) {
    const code = head.charCodeAt(position)
    if (code === QUOTE) isQuoted = !isQuoted
    else if (code === BACKSLASH && isQuoted) position++
    else if (code < SPACE ? code !== TAB && code !== CR && code !== LF : code === DEL) return position
  }
  return -1
}
