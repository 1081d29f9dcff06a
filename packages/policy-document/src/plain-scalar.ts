/** What YAML reads as something else than the text that stands there (YAML 1.2.2 §10.3.2); numbers are told apart by their letters. */
const WORDS: ReadonlySet<string> = new Set(['null', 'Null', 'NULL', 'true', 'True', 'TRUE', 'false', 'False', 'FALSE'])
const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$/

/**
 * True for text that means itself when written without quotes, by a margin: letters, digits and the signs of names, addresses and
 * sentences. Everything else is left to the YAML library. In flow collections commas and colons mean something.
 */
export function isPlainText(text: string, isInFlow: boolean): boolean {
  const length = text.length
  if (length === 0) return false
  const first = text.charCodeAt(0)
  const last = text.charCodeAt(length - 1)
  if (!isLetter(first) && !isDigit(first)) return false
  if (!isLetter(last) && !isDigit(last) && last !== 0x2e && last !== 0x29) return false
  let hasWordLetter = false
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at)
    if (isLetter(code)) hasWordLetter ||= isNoDigit(code)
    else if (!isDigit(code) && !isInnerSign(text, at, code, isInFlow)) return false
  }
  // what begins with a digit and has only letters of numbers (0x1f, 1e3) is left alone
  if (isDigit(first)) return hasWordLetter || (!isInFlow && INSTANT.test(text))
  return length > 5 || !WORDS.has(text)
}

/** `. _ @ / + = ( ) -` and blanks; in block context also a comma, and a colon before a letter or digit. */
function isInnerSign(text: string, at: number, code: number, isInFlow: boolean): boolean {
  switch (code) {
    case 0x20:
    case 0x28:
    case 0x29:
    case 0x2b:
    case 0x2d:
    case 0x2e:
    case 0x2f:
    case 0x3d:
    case 0x40:
    case 0x5f:
      return true
    case 0x2c:
      return !isInFlow
    case 0x3a: {
      const next = text.charCodeAt(at + 1)
      return !isInFlow && (isLetter(next) || isDigit(next))
    }
    default:
      return false
  }
}

export function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a)
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** A letter that stands in no number: not a–f (hexadecimal, exponents), not o and x (their marks), not i and n (`.inf`, `.nan`). */
function isNoDigit(code: number): boolean {
  const lower = code | 0x20
  return lower > 0x66 && lower !== 0x69 && lower !== 0x6e && lower !== 0x6f && lower !== 0x78
}
