import { CHAR_CLASSES, PERCENT } from '../text/characters.ts'
import { hexValue } from './ip-address.ts'

/** First position at or after `position` that is neither of the class nor a `%HH` escape (or `end`). RFC 3261 §25.1 escaped. */
export function skipEscaped(text: string, position: number, end: number, classBit: number): number {
  while (position < end) {
    const code = text.charCodeAt(position)
    if ((CHAR_CLASSES[code]! & classBit) !== 0) position++
    else if (code === PERCENT && position + 2 < end && isHexPair(text, position + 1)) position += 3
    else break
  }
  return position
}

/** `unescapePercent` of `text[start, end)`. */
export function unescapePercentAt(text: string, start: number, end: number): string {
  const slice = text.slice(start, end)
  for (let position = start; position < end; position++) {
    if (text.charCodeAt(position) === PERCENT) return unescapePercent(slice)
  }
  return slice
}

/** Undoes `%HH`; the result is latin1 text, one character per byte. Broken escapes stay as they are. */
export function unescapePercent(text: string): string {
  let from = text.indexOf('%')
  if (from < 0) return text
  let plain = text.slice(0, from)
  while (from < text.length) {
    const code = text.charCodeAt(from)
    if (code === PERCENT && from + 2 < text.length && isHexPair(text, from + 1)) {
      plain += String.fromCharCode(hexValue(text.charCodeAt(from + 1)) * 16 + hexValue(text.charCodeAt(from + 2)))
      from += 3
    } else {
      plain += text.charAt(from)
      from++
    }
  }
  return plain
}

function isHexPair(text: string, position: number): boolean {
  return hexValue(text.charCodeAt(position)) >= 0 && hexValue(text.charCodeAt(position + 1)) >= 0
}
