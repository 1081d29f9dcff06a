import {
  CHAR_CLASSES,
  CharClass,
  COLON,
  COMMA,
  DEL,
  GREATER,
  LESS,
  QUESTION,
  QUOTE,
  SEMICOLON,
  SPACE,
  skipClass,
  skipQuoted,
  skipSpace,
  trimEnd,
  unquote,
} from '../text/characters.ts'
import { type SipUri, scanSipUri } from '../uri/sip-uri.ts'
import { Parameters } from './parameters.ts'

/** An address as in From, To, Contact, Route. RFC 3261 §20.10, §25.1 (name-addr, addr-spec). */
export interface NameAddr {
  /** Quotes and escapes undone; latin1 text (see `decodeHeaderText`). */
  readonly displayName: string | undefined
  /** As it came. */
  readonly uri: string
  /** Undefined for other schemes (`tel:`, …), which are legal, and for a SIP URI that is not well formed. */
  readonly sipUri: SipUri | undefined
  /** Parameters of the header, not of the URI. */
  readonly params: ReadonlyMap<string, string | undefined>
  readonly tag: string | undefined
}

export class ParsedNameAddr implements NameAddr {
  /** Where the value ends in the text it was read from. */
  readonly end: number
  readonly uri: string
  readonly tag: string | undefined
  readonly #text: string
  readonly #nameStart: number
  readonly #nameEnd: number
  readonly #uriStart: number
  readonly #parameters: Parameters
  #sipUri: SipUri | undefined | null = null

  constructor(text: string, nameStart: number, nameEnd: number, uriStart: number, uriEnd: number, parameters: Parameters) {
    this.#text = text
    this.#nameStart = nameStart
    this.#nameEnd = nameEnd
    this.#uriStart = uriStart
    this.uri = text.slice(uriStart, uriEnd)
    this.tag = parameters.wanted
    this.#parameters = parameters
    this.end = parameters.end
  }

  get displayName(): string | undefined {
    if (this.#nameEnd === this.#nameStart) return undefined
    return this.#text.charCodeAt(this.#nameStart) === QUOTE
      ? unquote(this.#text, this.#nameStart, this.#nameEnd)
      : this.#text.slice(this.#nameStart, this.#nameEnd)
  }

  get sipUri(): SipUri | undefined {
    if (this.#sipUri === null) this.#sipUri = scanSipUri(this.#text, this.#uriStart, this.#uriStart + this.uri.length)
    return this.#sipUri
  }

  get params(): ReadonlyMap<string, string | undefined> {
    return this.#parameters.toMap()
  }
}

/** Parses one address; undefined when not well formed. */
export function parseNameAddr(text: string): NameAddr | undefined {
  return scanOnlyNameAddr(text, 0, text.length)
}

/** Parses `text[start, end)`, which must be one address and nothing more. */
export function scanOnlyNameAddr(text: string, start: number, end: number): NameAddr | undefined {
  const address = scanNameAddr(text, start, end)
  return address?.end === end ? address : undefined
}

/** Parses the first address of `text[start, end)`; its `end` is the comma after it or `end`. */
export function scanNameAddr(text: string, start: number, end: number): ParsedNameAddr | undefined {
  const nameStart = skipSpace(text, start, end)
  let open = nameStart
  let nameEnd = nameStart
  if (text.charCodeAt(nameStart) === QUOTE) {
    nameEnd = skipQuoted(text, nameStart, end)
    if (nameEnd < 0) return undefined
    open = skipSpace(text, nameEnd, end)
  } else {
    open = skipNameTokens(text, nameStart, end)
    nameEnd = trimEnd(text, nameStart, open)
  }
  const isInBrackets = open < end && text.charCodeAt(open) === LESS
  if (isInBrackets) return finish(text, nameStart, nameEnd, open + 1, uriEndAt(text, open + 1, end), true, end)
  if (text.charCodeAt(nameStart) === QUOTE) return undefined
  return finish(text, nameStart, nameStart, nameStart, bareUriEndAt(text, nameStart, end), false, end)
}

function finish(
  text: string,
  nameStart: number,
  nameEnd: number,
  uriStart: number,
  uriEnd: number,
  isInBrackets: boolean,
  end: number,
): ParsedNameAddr | undefined {
  if (!isAbsoluteUri(text, uriStart, uriEnd)) return undefined
  if (isInBrackets && (uriEnd >= end || text.charCodeAt(uriEnd) !== GREATER)) return undefined
  const parameters = Parameters.scan(text, isInBrackets ? uriEnd + 1 : uriEnd, end, 'tag')
  return parameters === undefined ? undefined : new ParsedNameAddr(text, nameStart, nameEnd, uriStart, uriEnd, parameters)
}

/** RFC 3261 §25.1 display-name = *(token LWS); bytes above 127 are let through, real senders write UTF-8 there. */
function skipNameTokens(text: string, position: number, end: number): number {
  while (position < end) {
    const code = text.charCodeAt(position)
    if ((CHAR_CLASSES[code]! & CharClass.token) === 0 && code < 0x80 && skipSpace(text, position, position + 1) === position) break
    position++
  }
  return position
}

/** End of the URI in angle brackets: white space, quotes and brackets cannot stand in it. */
function uriEndAt(text: string, position: number, end: number): number {
  while (position < end) {
    const code = text.charCodeAt(position)
    if (code <= SPACE || code === QUOTE || code === LESS || code === GREATER || code === DEL) break
    position++
  }
  return position
}

/**
 * End of a URI without brackets. RFC 3261 §20: a URI that holds a comma, a question mark or a semicolon MUST stand
 * in angle brackets, so a semicolon begins header parameters here, a comma the next value, and a question mark is
 * an error.
 */
function bareUriEndAt(text: string, position: number, end: number): number {
  while (position < end) {
    const code = text.charCodeAt(position)
    if (code === SEMICOLON || code === COMMA || code <= SPACE || code === QUOTE || code === LESS || code === GREATER || code === DEL) break
    if (code === QUESTION) return -1
    position++
  }
  return position
}

/** `scheme ":" something`. RFC 3261 §25.1 absoluteURI; the rest is for those who know the scheme. */
export function isAbsoluteUri(text: string, start: number, end: number): boolean {
  const letter = text.charCodeAt(start) | 0x20
  if (!(letter >= 0x61 && letter <= 0x7a)) return false
  const schemeEnd = skipClass(text, start, end, CharClass.token)
  return schemeEnd + 1 < end && text.charCodeAt(schemeEnd) === COLON
}
