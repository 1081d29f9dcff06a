import { COMMA, isToken, isWordAt, skipSpace, trimEnd } from '../text/characters.ts'
import { toLineText } from '../text/header-text.ts'
import { createLine, type HeaderLine, withRawValue } from './header-line.ts'
import { BAD_HEADER, type HeaderName, headerId, UNKNOWN_HEADER } from './header-names.ts'
import { splitHeaderValues, valueEndAt } from './split-header-values.ts'

/**
 * The header lines of one message, in order. Names are case-insensitive and compact forms equal the long ones
 * (RFC 3261 §7.3.1, §7.3.3). Lines that no edit touches are written back byte for byte. Values are latin1 text
 * (one character per byte; see `decodeHeaderText`). Edits take names that are tokens and throw a `RangeError`
 * for others, because such a name can only come from a mistake in our own code.
 */
export class SipHeaders {
  #lines: HeaderLine[]

  /** Takes over `lines`. */
  constructor(lines: HeaderLine[] = []) {
    this.#lines = lines
  }

  /** The lines themselves, for encoding and for building responses; not to be changed. */
  get lines(): readonly HeaderLine[] {
    return this.#lines
  }

  /** A second set of the same lines; edits of one do not show in the other. */
  copy(): SipHeaders {
    // one by one, so that the array has room for a line or two more: a slice has none, and whoever copies adds some
    const lines: HeaderLine[] = []
    for (const line of this.#lines) lines.push(line)
    return new SipHeaders(lines)
  }

  /** First line of a known header, by its id: the way of the typed getters. */
  lineOf(id: number): HeaderLine | undefined {
    const lines = this.#lines
    for (let index = 0; index < lines.length; index++) {
      const line = lines[index]!
      if (line.id === id) return line
    }
    return undefined
  }

  /** Whether a known header stands on more than one line. */
  isRepeated(id: number): boolean {
    const lines = this.#lines
    let seen = 0
    for (let index = 0; index < lines.length; index++) if (lines[index]!.id === id) seen++
    return seen > 1
  }

  /** Trimmed, unfolded value of the first line of that name. */
  first(name: HeaderName | (string & {})): string | undefined {
    return this.#lines[this.#indexOf(name)]?.value
  }

  /** The value of each line of that name. */
  all(name: HeaderName | (string & {})): string[] {
    return this.#linesOf(name).map((line) => line.value)
  }

  /** All lines of that name, split at the commas between values (RFC 3261 §7.3.1). */
  values(name: HeaderName | (string & {})): string[] {
    return this.#linesOf(name).flatMap((line) => splitHeaderValues(line.value))
  }

  count(name: HeaderName | (string & {})): number {
    return this.#linesOf(name).length
  }

  has(name: HeaderName | (string & {})): boolean {
    return this.#indexOf(name) >= 0
  }

  /** Lower-case long names in order, one per line. */
  names(): Iterable<string> {
    return this.#lines.filter((line) => line.id !== BAD_HEADER).map((line) => line.name)
  }

  /** Adds a line at the end, wherever others of that name stand: for building a message in order. */
  push(name: HeaderName | (string & {}), value: string): void {
    this.#lines.push(createHeaderLine(name, value))
  }

  /** Adds a line that was made before: lines cannot be changed, so one may stand in many messages. */
  pushLine(line: HeaderLine): void {
    this.#lines.push(line)
  }

  /** Adds a known header's line that was made before, in front of the first of that name; before all lines when there is none. */
  prependLine(line: HeaderLine): void {
    const lines = this.#lines
    let at = 0
    while (at < lines.length && lines[at]!.id !== line.id) at++
    this.#insert(at === lines.length ? 0 : at, line)
  }

  /** Adds a line before the first of that name; before all lines when there is none. */
  prepend(name: HeaderName | (string & {}), value: string): void {
    const line = createHeaderLine(name, value)
    this.#insert(Math.max(this.#indexOf(name), 0), line)
  }

  /** Adds a line after the last of that name; at the end when there is none. */
  append(name: HeaderName | (string & {}), value: string): void {
    const line = createHeaderLine(name, value)
    const last = this.#lastIndexOf(name)
    this.#insert(last < 0 ? this.#lines.length : last + 1, line)
  }

  /** Replaces the first line of that name where it stands and removes the others; appends when there is none. */
  set(name: HeaderName | (string & {}), value: string): void {
    const line = createHeaderLine(name, value)
    const first = this.#indexOf(name)
    if (first < 0) {
      this.#lines.push(line)
      return
    }
    if (this.#lastIndexOf(name) > first) this.#removeFrom(first + 1, name)
    this.#lines[first] = line
  }

  /** Removes all lines of that name; gives their number. */
  remove(name: HeaderName | (string & {})): number {
    return this.#removeFrom(0, name)
  }

  /** Removes the lines for which `predicate(lowerCaseLongName, value)` holds; gives their number. */
  removeWhere(predicate: (lowerCaseLongName: string, value: string) => boolean): number {
    const before = this.#lines.length
    this.#lines = this.#lines.filter((line) => line.id === BAD_HEADER || !predicate(line.name, line.value))
    return before - this.#lines.length
  }

  /** Removes the lines whose long lower-case name is among those meant; gives their number. Values are not looked at. */
  removeNamed(isMeant: (lowerCaseLongName: string) => boolean): number {
    const lines = this.#lines
    let kept = 0
    for (let index = 0; index < lines.length; index++) {
      const line = lines[index]!
      if (line.id !== BAD_HEADER && isMeant(line.name)) continue
      if (kept !== index) lines[kept] = line
      kept++
    }
    const removed = lines.length - kept
    if (removed > 0) lines.length = kept
    return removed
  }

  /** Takes the first comma value of that name away (top Via, top Route), its line too when it was the only one. */
  removeFirstValue(name: HeaderName | (string & {})): string | undefined {
    const index = this.#indexOf(name)
    if (index < 0) return undefined
    const line = this.#lines[index]!
    const lineEnd = line.end - 2
    // A line without any comma, the usual case, needs no look at quotes and brackets.
    const comma = line.source.indexOf(',', line.valueStart)
    const valueEnd = comma < 0 || comma >= lineEnd ? lineEnd : valueEndAt(line.source, line.valueStart, lineEnd)
    if (valueEnd >= lineEnd) {
      this.#removeAt(index)
      return line.value
    }
    const rest = skipSpace(line.source, valueEnd + 1, lineEnd)
    this.#lines[index] = withRawValue(line, line.source.slice(rest, lineEnd))
    const value = line.value
    return value.slice(0, trimEnd(value, 0, valueEndAt(value, 0, value.length)))
  }

  /** Rewrites the first comma value of that name where it stands (Via `received`); appends when there is none. */
  replaceFirstValue(name: HeaderName | (string & {}), value: string): void {
    const index = this.#indexOf(name)
    if (index < 0) {
      this.append(name, value)
      return
    }
    const line = this.#lines[index]!
    const lineEnd = line.end - 2
    const valueEnd = valueEndAt(line.source, line.valueStart, lineEnd)
    const isAlone = line.source.charCodeAt(valueEnd) !== COMMA
    this.#lines[index] = withRawValue(line, toLineText(value) + (isAlone ? '' : line.source.slice(valueEnd, lineEnd)))
  }

  /** Puts `suffix` right behind the first comma value of that name; without effect when there is none. */
  extendFirstValue(name: HeaderName | (string & {}), suffix: string): void {
    const index = this.#indexOf(name)
    if (index < 0) return
    const line = this.#lines[index]!
    const lineEnd = line.end - 2
    const valueEnd = trimEnd(line.source, line.valueStart, valueEndAt(line.source, line.valueStart, lineEnd))
    this.#lines[index] = withRawValue(
      line,
      line.source.slice(line.valueStart, valueEnd) + toLineText(suffix) + line.source.slice(valueEnd, lineEnd),
    )
  }

  /** By hand: `splice` makes an array of what it took out. */
  #insert(at: number, line: HeaderLine): void {
    const lines = this.#lines
    lines.push(line)
    for (let index = lines.length - 1; index > at; index--) lines[index] = lines[index - 1]!
    lines[at] = line
  }

  #removeAt(at: number): void {
    const lines = this.#lines
    for (let index = at + 1; index < lines.length; index++) lines[index - 1] = lines[index]!
    lines.pop()
  }

  #removeFrom(from: number, name: string): number {
    const id = headerId(name)
    const lowerCase = id === UNKNOWN_HEADER ? name.toLowerCase() : ''
    const before = this.#lines.length
    this.#lines = this.#lines.filter((line, index) => index < from || !isNamed(line, id, lowerCase))
    return before - this.#lines.length
  }

  #linesOf(name: string): HeaderLine[] {
    const id = headerId(name)
    const lowerCase = id === UNKNOWN_HEADER ? name.toLowerCase() : ''
    return this.#lines.filter((line) => isNamed(line, id, lowerCase))
  }

  #indexOf(name: string): number {
    const id = headerId(name)
    const lowerCase = id === UNKNOWN_HEADER ? name.toLowerCase() : ''
    const lines = this.#lines
    for (let index = 0; index < lines.length; index++) if (isNamed(lines[index]!, id, lowerCase)) return index
    return -1
  }

  #lastIndexOf(name: string): number {
    const id = headerId(name)
    const lowerCase = id === UNKNOWN_HEADER ? name.toLowerCase() : ''
    const lines = this.#lines
    for (let index = lines.length - 1; index >= 0; index--) if (isNamed(lines[index]!, id, lowerCase)) return index
    return -1
  }
}

function isNamed(line: HeaderLine, id: number, lowerCase: string): boolean {
  if (line.id !== id) return false
  return id !== UNKNOWN_HEADER || isWordAt(line.source, line.start, line.nameEnd, lowerCase)
}

/** One line for `pushLine`. The name must be a token, or a `RangeError` is thrown. */
export function createHeaderLine(name: HeaderName | (string & {}), value: string): HeaderLine {
  if (headerId(name) === UNKNOWN_HEADER && !isToken(name)) throw new RangeError(`not a header name: ${JSON.stringify(name)}`)
  return createLine(name, value)
}
