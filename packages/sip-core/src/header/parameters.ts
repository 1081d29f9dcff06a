import {
  CharClass,
  COMMA,
  EQUALS,
  isWordAt,
  lowerCaseAt,
  QUOTE,
  SEMICOLON,
  skipClass,
  skipQuoted,
  skipSpace,
  unquote,
} from '../text/characters.ts'

/**
 * The `;name=value` parameters of a header value: checked once, read on demand, nothing kept but the range of text.
 * RFC 3261 §25.1 generic-param; names are case-insensitive (§7.3.1), the first of two equal names counts.
 */
export class Parameters {
  readonly #text: string
  readonly #start: number
  /** Where the parameters end: the end of the text that was looked at, or the comma before the next value. */
  readonly end: number

  /** Value of the parameter that the scan was asked to look out for. */
  readonly wanted: string | undefined
  /** There are parameters besides that one; most Vias have none, and nobody need look for `received` in them. */
  readonly hasOthers: boolean

  private constructor(text: string, start: number, end: number, wanted: string | undefined, hasOthers: boolean) {
    this.#text = text
    this.#start = start
    this.end = end
    this.wanted = wanted
    this.hasOthers = hasOthers
  }

  /**
   * Parameters from `start` to the next comma outside quotes (or `end`); undefined when not well formed.
   * `lowerCaseWanted`: the one parameter nearly every reader asks for, picked up on the way.
   */
  static scan(text: string, start: number, end: number, lowerCaseWanted = ''): Parameters | undefined {
    let wanted: string | undefined
    let hasOthers = false
    let position = skipSpace(text, start, end)
    while (position < end) {
      const code = text.charCodeAt(position)
      if (code === COMMA) break
      if (code !== SEMICOLON) return undefined
      const nameStart = skipSpace(text, position + 1, end)
      const nameEnd = skipClass(text, nameStart, end, CharClass.token)
      if (nameEnd === nameStart) return undefined
      position = skipSpace(text, nameEnd, end)
      if (position < end && text.charCodeAt(position) === EQUALS) {
        const valueStart = skipSpace(text, position + 1, end)
        const valueEnd = skipValue(text, valueStart, end)
        if (valueEnd <= valueStart) return undefined
        if (wanted === undefined && isWordAt(text, nameStart, nameEnd, lowerCaseWanted)) wanted = valueAt(text, valueStart, valueEnd)
        else hasOthers = true
        position = skipSpace(text, valueEnd, end)
      } else hasOthers = true
    }
    return new Parameters(text, start, position, wanted, hasOthers)
  }

  has(lowerCaseName: string): boolean {
    return this.#nameEndOf(lowerCaseName) >= 0
  }

  /** Value without quotes and escapes; undefined when absent or without value. */
  get(lowerCaseName: string): string | undefined {
    const nameEnd = this.#nameEndOf(lowerCaseName)
    if (nameEnd < 0) return undefined
    const valueStart = valueStartAt(this.#text, nameEnd, this.end)
    return valueStart < 0 ? undefined : valueAt(this.#text, valueStart, skipValue(this.#text, valueStart, this.end))
  }

  /** Where the name of a parameter ends; -1 when there is no such parameter. */
  #nameEndOf(lowerCaseName: string): number {
    const text = this.#text
    let position = nextParameter(text, this.#start, this.end)
    while (position < this.end) {
      const nameEnd = skipClass(text, position, this.end, CharClass.token)
      if (isWordAt(text, position, nameEnd, lowerCaseName)) return nameEnd
      const valueStart = valueStartAt(text, nameEnd, this.end)
      position = nextParameter(text, valueStart < 0 ? nameEnd : skipValue(text, valueStart, this.end), this.end)
    }
    return -1
  }

  /** Lower-case names to values. */
  toMap(): ReadonlyMap<string, string | undefined> {
    const text = this.#text
    const map = new Map<string, string | undefined>()
    let position = nextParameter(text, this.#start, this.end)
    while (position < this.end) {
      const nameEnd = skipClass(text, position, this.end, CharClass.token)
      const name = lowerCaseAt(text, position, nameEnd)
      const valueStart = valueStartAt(text, nameEnd, this.end)
      const valueEnd = valueStart < 0 ? nameEnd : skipValue(text, valueStart, this.end)
      if (!map.has(name)) map.set(name, valueStart < 0 ? undefined : valueAt(text, valueStart, valueEnd))
      position = nextParameter(text, valueEnd, this.end)
    }
    return map
  }
}

/** Start of the next parameter name at or after `position` (behind its semicolon), or `end`. */
function nextParameter(text: string, position: number, end: number): number {
  const semicolon = skipSpace(text, position, end)
  return semicolon < end ? skipSpace(text, semicolon + 1, end) : end
}

/** Start of the value behind `=`, or -1 when the parameter has none. */
function valueStartAt(text: string, nameEnd: number, end: number): number {
  const equals = skipSpace(text, nameEnd, end)
  return equals < end && text.charCodeAt(equals) === EQUALS ? skipSpace(text, equals + 1, end) : -1
}

/** Position after a value: quoted, or of the characters of token and host; -1 when a quote is not closed. */
function skipValue(text: string, start: number, end: number): number {
  return text.charCodeAt(start) === QUOTE ? skipQuoted(text, start, end) : skipClass(text, start, end, CharClass.parameterValue)
}

function valueAt(text: string, start: number, end: number): string {
  return text.charCodeAt(start) === QUOTE ? unquote(text, start, end) : text.slice(start, end)
}
