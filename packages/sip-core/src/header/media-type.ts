import { CharClass, SLASH, skipClass, skipSpace } from '../text/characters.ts'
import { Parameters } from './parameters.ts'

/** RFC 3261 §20.15, §25.1 media-type. */
export interface MediaType {
  /** Lower case. */
  readonly type: string
  /** Lower case. */
  readonly subtype: string
  readonly params: ReadonlyMap<string, string | undefined>
}

/** Parses a media type; undefined when not well formed. */
export function parseMediaType(text: string): MediaType | undefined {
  const end = text.length
  const typeStart = skipSpace(text, 0, end)
  const typeEnd = skipClass(text, typeStart, end, CharClass.token)
  const slash = skipSpace(text, typeEnd, end)
  if (typeEnd === typeStart || text.charCodeAt(slash) !== SLASH) return undefined
  const subtypeStart = skipSpace(text, slash + 1, end)
  const subtypeEnd = skipClass(text, subtypeStart, end, CharClass.token)
  if (subtypeEnd === subtypeStart) return undefined
  const parameters = Parameters.scan(text, subtypeEnd, end)
  if (parameters === undefined) return undefined
  const type = text.slice(typeStart, typeEnd).toLowerCase()
  return { type, subtype: text.slice(subtypeStart, subtypeEnd).toLowerCase(), params: parameters.toMap() }
}
