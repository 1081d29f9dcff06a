import { Buffer } from 'node:buffer'

/**
 * Header text inside this package is latin1: one character per byte, so that every byte survives.
 * `decodeHeaderText` gives the Unicode reading of it (RFC 3261 §7: header text is UTF-8).
 */
export function decodeHeaderText(latin1Text: string): string {
  return Buffer.from(latin1Text, 'latin1').toString('utf8')
}

/** The latin1 header text that carries `unicodeText` as UTF-8 bytes. */
export function encodeHeaderText(unicodeText: string): string {
  return Buffer.from(unicodeText, 'utf8').toString('latin1')
}

/**
 * Makes a value safe to stand on one header line: CR, LF and NUL become spaces (a value must not smuggle in
 * another line, RFC 3261 §7.3.1), and text that cannot be latin1 is taken as Unicode and written as UTF-8.
 */
export function toLineText(value: string): string {
  let isClean = true
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index)
    if (code > 0xff) return toLineText(encodeHeaderText(value))
    if (code === 0x0d || code === 0x0a || code === 0) isClean = false
  }
  return isClean ? value : value.replace(/[\r\n\0]/g, ' ')
}
