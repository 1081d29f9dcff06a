import { BACKSLASH, COMMA, GREATER, LESS, QUOTE, skipSpace, trimEnd } from '../text/characters.ts'

/**
 * Position of the first comma of `text[start, end)` that separates values, or `end`.
 * RFC 3261 §7.3.1: commas inside quotes or angle brackets do not separate.
 */
export function valueEndAt(text: string, start: number, end: number): number {
  let isInBrackets = false
  for (let position = start; position < end; position++) {
    const code = text.charCodeAt(position)
    if (code === COMMA && !isInBrackets) return position
    if (code === QUOTE && !isInBrackets) {
      position++
      while (position < end && text.charCodeAt(position) !== QUOTE) {
        if (text.charCodeAt(position) === BACKSLASH) position++
        position++
      }
    } else if (code === LESS) isInBrackets = true
    else if (code === GREATER) isInBrackets = false
  }
  return end
}

/** The comma-separated values of one header value, trimmed; empty ones are kept, an empty text has none. */
export function splitHeaderValues(text: string): string[] {
  const values: string[] = []
  const end = text.length
  if (skipSpace(text, 0, end) === end) return values
  let start = 0
  for (;;) {
    const valueEnd = valueEndAt(text, start, end)
    const from = skipSpace(text, start, valueEnd)
    values.push(text.slice(from, trimEnd(text, from, valueEnd)))
    if (valueEnd >= end) return values
    start = valueEnd + 1
  }
}
