import { Buffer } from 'node:buffer'
import { readHtml } from './html/read-html.ts'
import { MAX_DEPTH, MAX_PARTS, MAX_TEXT } from './limits.ts'
import { type ContentType, parameterOf, parseContentType } from './mime/content-type.ts'
import { decodeBytes, decodeText } from './mime/decode-text.ts'
import { splitParts } from './mime/split-parts.ts'
import { decodeTransfer } from './mime/transfer-encoding.ts'
import { readRtf } from './rtf/read-rtf.ts'

/**
 * What people would read in a body, as plain text: of HTML and RTF the text without mark-up, of a multipart the plainest part that has any.
 * Undefined: nothing in it is text, or it cannot be told. Never throws; work is bounded by the number of bytes.
 */
export function readText(contentType: string, body: Uint8Array): string | undefined {
  return textOf(parseContentType(contentType), body, 0)
}

function textOf(type: ContentType, body: Uint8Array, depth: number): string | undefined {
  const { essence } = type
  if (type.isAmbiguous || body.byteLength > MAX_TEXT) return undefined
  if (essence.startsWith('multipart/')) return depth < MAX_DEPTH ? textOfParts(type, body, depth) : undefined
  if (essence === 'text/rtf' || essence === 'application/rtf') return textOfRtf(decodeBytes(body))
  if (essence === 'text/html' || essence === 'application/xhtml+xml') {
    const html = decodeText(body, parameterOf(type, 'charset'))
    return html === undefined ? undefined : tidied(readHtml(html.text).visible.text)
  }
  return essence === 'text/plain' ? decodeText(body, parameterOf(type, 'charset'))?.text : undefined
}

/** Without the tables of fonts and colours before it. */
function textOfRtf(source: string): string {
  const { visible, frontAt = 0 } = readRtf(source)
  const first = visible.starts?.findIndex((start) => start >= frontAt) ?? 0
  return first < 0 ? '' : tidied(visible.text.slice(first))
}

/** RFC 2046 §5.1.4: the parts of an alternative say the same, the plainest first; of other multiparts the first text is what people see. */
function textOfParts(type: ContentType, body: Uint8Array, depth: number): string | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const boundary = parameterOf(type, 'boundary') ?? ''
  const parts = boundary === '' || boundary.length > 200 ? undefined : splitParts(bytes, boundary, MAX_PARTS)
  for (const part of parts ?? []) {
    const content = decodeTransfer(bytes.subarray(part.bodyStart, part.end), part.headers.get('content-transfer-encoding') ?? '')
    const text = content && textOf(parseContentType(part.headers.get('content-type') ?? 'text/plain'), content, depth + 1)
    if (text !== undefined) return text
  }
  return undefined
}

/** Mark-up leaves line ends around the text that nobody wrote. */
function tidied(text: string): string {
  return text
    .replace(/[ \t]*\r?\n[ \t]*/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}
