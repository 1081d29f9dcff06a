import { CharClass, lowerCaseAt, SLASH, skipClass, skipSpace } from '../text/characters.ts'
import { Parameters } from './parameters.ts'

/** RFC 3261 §20.15, §25.1 media-type. */
export interface MediaType {
  /** Lower case. */
  readonly type: string
  /** Lower case. */
  readonly subtype: string
  readonly params: ReadonlyMap<string, string | undefined>
}

class ParsedMediaType implements MediaType {
  readonly type: string
  readonly subtype: string
  readonly #parameters: Parameters

  constructor(type: string, subtype: string, parameters: Parameters) {
    this.type = type
    this.subtype = subtype
    this.#parameters = parameters
  }

  get params(): ReadonlyMap<string, string | undefined> {
    return this.#parameters.toMap()
  }
}

/** Parses a media type; undefined when not well formed. */
export function parseMediaType(text: string): MediaType | undefined {
  return scanMediaType(text, 0, text.length)
}

export function scanMediaType(text: string, start: number, end: number): MediaType | undefined {
  const typeStart = skipSpace(text, start, end)
  const typeEnd = skipClass(text, typeStart, end, CharClass.token)
  const slash = skipSpace(text, typeEnd, end)
  if (typeEnd === typeStart || text.charCodeAt(slash) !== SLASH) return undefined
  const subtypeStart = skipSpace(text, slash + 1, end)
  const subtypeEnd = skipClass(text, subtypeStart, end, CharClass.token)
  if (subtypeEnd === subtypeStart) return undefined
  const parameters = Parameters.scan(text, subtypeEnd, end)
  if (parameters === undefined || parameters.end !== end) return undefined
  return new ParsedMediaType(lowerCaseAt(text, typeStart, typeEnd), lowerCaseAt(text, subtypeStart, subtypeEnd), parameters)
}
