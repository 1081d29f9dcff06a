import { Buffer } from 'node:buffer'

const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/
const LINE = 76

/** The bytes behind a Content-Transfer-Encoding; undefined when it is unknown or the bytes are not what it says (RFC 2045 §6). */
export function decodeTransfer(bytes: Uint8Array, encoding: string): Uint8Array | undefined {
  switch (encoding.trim().toLowerCase()) {
    case '':
    case '7bit':
    case '8bit':
    case 'binary':
      return bytes
    case 'base64':
      return decodeBase64(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'))
    case 'quoted-printable':
      return decodeQuotedPrintable(bytes)
    default:
      return undefined
  }
}

/** Strict: what programs could decode in two ways is not decoded at all. */
export function decodeBase64(text: string): Uint8Array | undefined {
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined
}

export function encodeBase64Lines(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  const lines: string[] = []
  for (let at = 0; at < text.length; at += LINE) lines.push(text.slice(at, at + LINE))
  return lines.join('\r\n')
}

/** RFC 2045 §6.7; an `=` that begins no escape stands for itself, as programs have it. */
function decodeQuotedPrintable(bytes: Uint8Array): Uint8Array {
  const decoded = new Uint8Array(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes[at] as number
    if (code !== 0x3d) {
      decoded[length++] = code
      continue
    }
    const soft = softBreakEnd(bytes, at + 1)
    if (soft > 0) {
      at = soft - 1
      continue
    }
    const value = hexDigit(bytes[at + 1]) * 16 + hexDigit(bytes[at + 2])
    if (Number.isNaN(value)) decoded[length++] = code
    else {
      decoded[length++] = value
      at += 2
    }
  }
  return decoded.subarray(0, length)
}

/** Index after a soft line break that begins at `at`; 0: there is none. White space before the line end does not count. */
function softBreakEnd(bytes: Uint8Array, at: number): number {
  let end = at
  while (end - at < LINE && (bytes[end] === 0x20 || bytes[end] === 0x09)) end++
  if (bytes[end] === 0x0d && bytes[end + 1] === 0x0a) return end + 2
  return bytes[end] === 0x0a ? end + 1 : 0
}

function hexDigit(code: number | undefined): number {
  if (code === undefined) return Number.NaN
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.NaN
}
