import { CharClass, decimalAt, isWordAt, SLASH, skipClass } from '../text/characters.ts'

/** A start line taken apart; `isWellFormed` is false when the pieces are only a best guess. */
export type StartLine =
  | {
      readonly isRequest: true
      readonly method: string
      readonly requestUri: string
      readonly version: string
      readonly isWellFormed: boolean
    }
  | {
      readonly isRequest: false
      readonly status: number
      readonly reason: string
      readonly version: string
      readonly isWellFormed: boolean
    }

/** A start line kept as it came, at the beginning of the head it came in. */
export interface ReceivedStartLine {
  readonly version: string
  readonly head: string
  /** After its CRLF. */
  readonly startLineEnd: number
}

const VERSION_2 = 'SIP/2.0'
const MIN_STATUS = 100
const MAX_STATUS = 699

/** Reads the start line `head[0, end)` (without CRLF); undefined when it is not SIP at all. RFC 3261 §7.1, §7.2. */
export function parseStartLine(head: string, end: number): StartLine | undefined {
  return isWordAt(head, 0, 4, 'sip/') && isVersionAt(head, 0, head.indexOf(' ')) ? parseStatusLine(head, end) : parseRequestLine(head, end)
}

function parseStatusLine(head: string, end: number): StartLine {
  const versionEnd = head.indexOf(' ')
  const codeEnd = skipClass(head, versionEnd + 1, end, CharClass.digit)
  const code = decimalAt(head, versionEnd + 1, codeEnd)
  // RFC 3261 §7.2: a 3-digit code. The space before an empty reason is often left out; that harms nobody.
  const isCode = codeEnd - versionEnd === 4 && code >= MIN_STATUS && code <= MAX_STATUS
  const isWellFormed = isCode && (codeEnd === end || head.charCodeAt(codeEnd) === 0x20)
  const reason = head.slice(Math.min(codeEnd + 1, end), end)
  return { isRequest: false, status: isCode ? code : 0, reason, version: versionAt(head, 0, versionEnd), isWellFormed }
}

/** RFC 3261 §7.1: method, one space, URI without white space, one space, version, and nothing else. */
function parseRequestLine(head: string, end: number): StartLine | undefined {
  let lineEnd = end
  while (lineEnd > 0 && head.charCodeAt(lineEnd - 1) === 0x20) lineEnd--
  const methodEnd = skipClass(head, 0, lineEnd, CharClass.token)
  let versionStart = lineEnd
  while (versionStart > 0 && head.charCodeAt(versionStart - 1) !== 0x20) versionStart--
  if (methodEnd === 0 || head.charCodeAt(methodEnd) !== 0x20 || versionStart <= methodEnd || !isVersionAt(head, versionStart, lineEnd)) {
    return undefined
  }
  const uriEnd = Math.max(versionStart - 1, methodEnd + 1)
  const requestUri = head.slice(methodEnd + 1, uriEnd)
  const isWellFormed = lineEnd === end && requestUri.length > 0 && !hasBlank(head, methodEnd + 1, uriEnd)
  return { isRequest: true, method: head.slice(0, methodEnd), requestUri, version: versionAt(head, versionStart, lineEnd), isWellFormed }
}

/** The usual version as one and the same text, which is compared at a glance. */
function versionAt(head: string, start: number, end: number): string {
  return end - start === VERSION_2.length && head.startsWith(VERSION_2, start) ? VERSION_2 : head.slice(start, end)
}

/** RFC 3261 §7.1: SIP/2.0, in any case. */
export function isVersion2(version: string): boolean {
  return version === VERSION_2 || version.toUpperCase() === VERSION_2
}

/** RFC 3261 §25.1 SIP-Version = "SIP" "/" 1*DIGIT "." 1*DIGIT. */
function isVersionAt(head: string, start: number, end: number): boolean {
  if (end - start < 7 || !isWordAt(head, start, start + 3, 'sip') || head.charCodeAt(start + 3) !== SLASH) return false
  const major = skipClass(head, start + 4, end, CharClass.digit)
  if (major === start + 4 || head.charCodeAt(major) !== 0x2e) return false
  return major + 1 < end && skipClass(head, major + 1, end, CharClass.digit) === end
}

/** Control characters and blanks; `<` too, which some senders wrap the URI in (RFC 4475 §3.1.2.7). */
function hasBlank(text: string, start: number, end: number): boolean {
  for (let position = start; position < end; position++) {
    const code = text.charCodeAt(position)
    if (code <= 0x20 || code === 0x7f || code === 0x3c || code === 0x3e || code === 0x22) return true
  }
  return false
}

/** A method or URI that cannot break the start line: blanks, control characters and non-latin1 become escapes. */
export function toStartLineWord(word: string): string {
  for (let index = 0; index < word.length; index++) {
    const code = word.charCodeAt(index)
    if (code <= 0x20 || code === 0x7f || code > 0xff) return escapeWord(word)
  }
  return word
}

function escapeWord(word: string): string {
  let escaped = ''
  for (const character of word) {
    const code = character.codePointAt(0)!
    escaped += code <= 0x20 || code === 0x7f ? `%${code.toString(16).padStart(2, '0').toUpperCase()}` : toUri(character, code)
  }
  return escaped
}

function toUri(character: string, code: number): string {
  if (code <= 0xff) return character
  return character.isWellFormed() ? encodeURIComponent(character) : '%EF%BF%BD'
}
