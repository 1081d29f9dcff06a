import { CR, LF, SPACE, skipSpace, TAB, trimEnd } from '../text/characters.ts'
import { toLineText } from '../text/header-text.ts'
import { BAD_HEADER, headerId, lowerCaseNameOf, spellingOf } from './header-names.ts'

/**
 * One header line, unchangeable: a range of a source text that still holds the bytes as they came.
 * An edit replaces the line, so what was parsed from it (`parsed`) can never be stale, and lines can be shared
 * between messages (a response takes its Via lines from the request).
 */
export class HeaderLine {
  /** Id from the table of names, `UNKNOWN_HEADER` or `BAD_HEADER`. */
  readonly id: number
  readonly source: string
  readonly start: number
  readonly nameEnd: number
  /** After the colon. */
  readonly valueStart: number
  /** After the CRLF. */
  readonly end: number
  readonly isFolded: boolean
  /** What the typed getter of this header made of it; `null` when it could not be parsed. */
  parsed: unknown = undefined
  #value: string | undefined = undefined

  constructor(id: number, source: string, start: number, nameEnd: number, valueStart: number, end: number, isFolded: boolean) {
    this.id = id
    this.source = source
    this.start = start
    this.nameEnd = nameEnd
    this.valueStart = valueStart
    this.end = end
    this.isFolded = isFolded
  }

  /** Long name in lower case; empty for a line that is no header. */
  get name(): string {
    if (this.id >= 0) return lowerCaseNameOf(this.id)
    return this.id === BAD_HEADER ? '' : this.source.slice(this.start, this.nameEnd).toLowerCase()
  }

  /** Trimmed; folds are one space (RFC 3261 §7.3.1). */
  get value(): string {
    this.#value ??= this.#readValue()
    return this.#value
  }

  #readValue(): string {
    const start = skipSpace(this.source, this.valueStart, this.end)
    const text = this.source.slice(start, trimEnd(this.source, start, this.end))
    return this.isFolded ? unfold(text) : text
  }

  /** The line as it goes on the wire, CRLF included. */
  get raw(): string {
    return this.source.slice(this.start, this.end)
  }
}

/** Replaces each fold and the white space around it by one space. RFC 3261 §7.3.1, §25.1 (LWS). */
export function unfold(text: string): string {
  let plain = ''
  let from = 0
  for (let position = text.indexOf('\r\n'); position >= 0; position = text.indexOf('\r\n', from)) {
    let before = position
    while (before > from && isBlank(text.charCodeAt(before - 1))) before--
    plain += `${text.slice(from, before)} `
    from = position + 2
    while (from < text.length && isBlankOrBreak(text.charCodeAt(from))) from++
  }
  return plain + text.slice(from)
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}

function isBlankOrBreak(code: number): boolean {
  return isBlank(code) || code === CR || code === LF
}

/** A new line; known headers get their usual spelling. The name must be a token (checked by the caller). */
export function createLine(name: string, value: string): HeaderLine {
  return createOwnLine(name, toLineText(value))
}

/** The same of a value that this code has made of names, numbers and tokens: nothing in it can end the line, so it is not looked through. */
export function createOwnLine(name: string, value: string): HeaderLine {
  const id = headerId(name)
  const spelling = id >= 0 ? spellingOf(id) : name
  const source = `${spelling}: ${value}\r\n`
  return new HeaderLine(id, source, 0, spelling.length, spelling.length + 1, source.length, false)
}

/** The same header with its text after the colon replaced; `rawValue` may hold folds and keeps its own spacing. */
export function withRawValue(line: HeaderLine, rawValue: string): HeaderLine {
  const name = line.source.slice(line.start, line.nameEnd)
  const source = `${name}: ${rawValue}\r\n`
  return new HeaderLine(line.id, source, 0, name.length, name.length + 1, source.length, line.isFolded && rawValue.includes('\r\n'))
}
