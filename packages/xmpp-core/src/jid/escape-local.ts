/** XEP-0106 §4.1: what a local part may not hold, and how it is written instead. */
const ESCAPES: Readonly<Record<string, string>> = {
  ' ': '\\20',
  '"': '\\22',
  '&': '\\26',
  "'": '\\27',
  '/': '\\2f',
  ':': '\\3a',
  '<': '\\3c',
  '>': '\\3e',
  '@': '\\40',
}
const CODES = new Map(Object.entries(ESCAPES).map(([character, written]) => [written.slice(1), character]))
CODES.set('5c', '\\')

/** User part of another network as a local part; reversible with `unescapeLocal` (XEP-0106 §4, RFC 7247 §6). */
export function escapeLocal(user: string): string {
  let text = ''
  for (let index = 0; index < user.length; index += 1) {
    const character = user.charAt(index)
    // A backslash is written out only where it could be read as the beginning of an escape (XEP-0106 §4.2).
    if (character === '\\') text += CODES.has(user.slice(index + 1, index + 3).toLowerCase()) ? '\\5c' : '\\'
    else text += ESCAPES[character] ?? character
  }
  return text
}

export function unescapeLocal(local: string): string {
  return local.replace(/\\([0-9a-f]{2})/gi, (whole, code: string) => CODES.get(code.toLowerCase()) ?? whole)
}
