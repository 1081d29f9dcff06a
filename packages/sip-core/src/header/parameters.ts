import { CharClass, EQUALS, isWordAt, QUOTE, SEMICOLON, skipClass, skipQuoted, skipSpace, unquote } from '../text/characters.ts'

/** Offsets of one parameter: name start, name end, value start, value end (-1 and -1 without value). */
const FIELDS = 4

/**
 * The `;name=value` parameters of a header value, scanned once and read on demand.
 * RFC 3261 §25.1 generic-param; names are case-insensitive (§7.3.1), the first of two equal names counts.
 */
export class Parameters {
  readonly #text: string
  readonly #offsets: readonly number[]

  private constructor(text: string, offsets: readonly number[]) {
    this.#text = text
    this.#offsets = offsets
  }

  /** Parameters of `text[start, end)`, which is blank or begins with `;`; undefined when not well formed. */
  static scan(text: string, start: number, end: number): Parameters | undefined {
    const offsets: number[] = []
    let position = skipSpace(text, start, end)
    while (position < end) {
      if (text.charCodeAt(position) !== SEMICOLON) return undefined
      const nameStart = skipSpace(text, position + 1, end)
      const nameEnd = skipClass(text, nameStart, end, CharClass.token)
      if (nameEnd === nameStart) return undefined
      position = skipSpace(text, nameEnd, end)
      if (text.charCodeAt(position) === EQUALS && position < end) {
        const valueStart = skipSpace(text, position + 1, end)
        const valueEnd =
          text.charCodeAt(valueStart) === QUOTE
            ? skipQuoted(text, valueStart, end)
            : skipClass(text, valueStart, end, CharClass.parameterValue)
        if (valueEnd <= valueStart) return undefined
        offsets.push(nameStart, nameEnd, valueStart, valueEnd)
        position = skipSpace(text, valueEnd, end)
      } else {
        offsets.push(nameStart, nameEnd, -1, -1)
      }
    }
    return new Parameters(text, offsets)
  }

  has(lowerCaseName: string): boolean {
    return this.#find(lowerCaseName) >= 0
  }

  /** Value without quotes and escapes; undefined when absent or without value. */
  get(lowerCaseName: string): string | undefined {
    const index = this.#find(lowerCaseName)
    return index < 0 ? undefined : this.#valueAt(index)
  }

  /** Lower-case names to values. */
  toMap(): ReadonlyMap<string, string | undefined> {
    const map = new Map<string, string | undefined>()
    const offsets = this.#offsets
    for (let index = 0; index < offsets.length; index += FIELDS) {
      const name = this.#text.slice(offsets[index], offsets[index + 1]).toLowerCase()
      if (!map.has(name)) map.set(name, this.#valueAt(index))
    }
    return map
  }

  #find(lowerCaseName: string): number {
    const offsets = this.#offsets
    for (let index = 0; index < offsets.length; index += FIELDS) {
      if (isWordAt(this.#text, offsets[index]!, offsets[index + 1]!, lowerCaseName)) return index
    }
    return -1
  }

  #valueAt(index: number): string | undefined {
    const start = this.#offsets[index + 2]!
    const end = this.#offsets[index + 3]!
    if (start < 0) return undefined
    return this.#text.charCodeAt(start) === QUOTE ? unquote(this.#text, start, end) : this.#text.slice(start, end)
  }
}
