/** Character classes of RFC 3261 §25.1, as bits of one table; characters above 255 belong to no class. */
export const CharClass = {
  /** token */
  token: 1,
  digit: 2,
  /** unreserved and user-unreserved: what a user part may hold without escape. */
  user: 4,
  /** unreserved and the password extras. */
  password: 8,
  /** unreserved, param-unreserved and `=`, which Microsoft's route signatures (base64) hold unescaped. */
  uriParameter: 16,
  /** unreserved, hnv-unreserved and the `&`/`=` separators. */
  uriHeader: 32,
  /** Host names: letters, digits, `-`, `.`; `_` is not in the RFC but in real pool names. */
  host: 64,
  /** What the value of a header parameter may hold unquoted: token, host (IPv6 too) and bytes above 127. */
  parameterValue: 128,
} as const

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const UNRESERVED = `${ALPHANUMERIC}-_.!~*'()`

function buildTable(): Uint8Array {
  const table = new Uint8Array(256)
  const add = (characters: string, bit: number): void => {
    for (const character of characters) table[character.charCodeAt(0)]! |= bit
  }
  add(`${ALPHANUMERIC}-.!%*_+\`'~`, CharClass.token)
  add('0123456789', CharClass.digit)
  add(`${UNRESERVED}&=+$,;?/`, CharClass.user)
  add(`${UNRESERVED}&=+$,`, CharClass.password)
  add(`${UNRESERVED}[]/:&+$=`, CharClass.uriParameter)
  add(`${UNRESERVED}[]/?:+$&=`, CharClass.uriHeader)
  add(`${ALPHANUMERIC}-._`, CharClass.host)
  add(`${ALPHANUMERIC}-.!%*_+\`'~[]:/@?=&$#(){}|^\\`, CharClass.parameterValue)
  for (let code = 0x80; code <= 0xff; code++) table[code]! |= CharClass.parameterValue
  return table
}

/** Class bits of each latin1 character. */
export const CHAR_CLASSES: Uint8Array = buildTable()

export const SPACE = 0x20
export const TAB = 0x09
export const CR = 0x0d
export const LF = 0x0a
export const DEL = 0x7f
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const COMMA = 0x2c
export const EQUALS = 0x3d
export const QUOTE = 0x22
export const BACKSLASH = 0x5c
export const LESS = 0x3c
export const GREATER = 0x3e
export const SLASH = 0x2f
export const PERCENT = 0x25
export const AT = 0x40
export const QUESTION = 0x3f
export const OPEN_BRACKET = 0x5b
export const CLOSE_BRACKET = 0x5d

export function isIn(code: number, classBit: number): boolean {
  return (CHAR_CLASSES[code]! & classBit) !== 0
}

/** First position at or after `position` that is not linear white space (or `end`). */
export function skipSpace(text: string, position: number, end: number): number {
  while (position < end) {
    const code = text.charCodeAt(position)
    if (code !== SPACE && code !== TAB && code !== CR && code !== LF) break
    position++
  }
  return position
}

/** Position after the last character of `text[start, end)` that is not linear white space (or `start`). */
export function trimEnd(text: string, start: number, end: number): number {
  while (end > start) {
    const code = text.charCodeAt(end - 1)
    if (code !== SPACE && code !== TAB && code !== CR && code !== LF) break
    end--
  }
  return end
}

/** First position at or after `position` whose character is not of the class (or `end`). */
export function skipClass(text: string, position: number, end: number, classBit: number): number {
  while (position < end && (CHAR_CLASSES[text.charCodeAt(position)]! & classBit) !== 0) position++
  return position
}

export function isToken(text: string): boolean {
  return text.length > 0 && skipClass(text, 0, text.length, CharClass.token) === text.length
}

/** Case-insensitive comparison of `text[start, end)` with an ASCII lower-case word. */
export function isWordAt(text: string, start: number, end: number, lowerCaseWord: string): boolean {
  if (end - start !== lowerCaseWord.length) return false
  for (let index = 0; index < lowerCaseWord.length; index++) {
    const wanted = lowerCaseWord.charCodeAt(index)
    const code = text.charCodeAt(start + index)
    if (code !== wanted && !(code >= 0x41 && code <= 0x5a && code + 0x20 === wanted)) return false
  }
  return true
}

/**
 * Position after the closing quote of the quoted-string that opens at `start`, or -1 when it is not closed.
 * RFC 3261 §25.1: a backslash takes the next character with it.
 */
export function skipQuoted(text: string, start: number, end: number): number {
  for (let position = start + 1; position < end; position++) {
    const code = text.charCodeAt(position)
    if (code === QUOTE) return position + 1
    if (code === BACKSLASH) position++
  }
  return -1
}

/** Content of the quoted-string `text[start, end)` (quotes included in the range) with its escapes undone. */
export function unquote(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1)
  if (!inner.includes('\\')) return inner
  let plain = ''
  for (let position = 0; position < inner.length; position++) {
    if (inner.charCodeAt(position) === BACKSLASH) position++
    plain += inner.charAt(position)
  }
  return plain
}

/** `text[start, end)` in lower case; without work when it is so already. */
export function lowerCaseAt(text: string, start: number, end: number): string {
  const slice = text.slice(start, end)
  for (let position = start; position < end; position++) {
    const code = text.charCodeAt(position)
    if ((code >= 0x41 && code <= 0x5a) || code >= 0x80) return slice.toLowerCase()
  }
  return slice
}

/** Value of the decimal digits `text[start, end)`; -1 when empty, not all digits, or above 2^53. */
export function decimalAt(text: string, start: number, end: number): number {
  if (start >= end) return -1
  let value = 0
  for (let position = start; position < end; position++) {
    const digit = text.charCodeAt(position) - 0x30
    if (!(digit >= 0 && digit <= 9)) return -1
    value = value * 10 + digit
    if (value > Number.MAX_SAFE_INTEGER) return -1
  }
  return value
}
