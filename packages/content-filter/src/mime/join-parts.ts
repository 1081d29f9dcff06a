import { Buffer } from 'node:buffer'
import type { Part } from './split-parts.ts'
import { encodeBase64Lines } from './transfer-encoding.ts'

export interface PartChange {
  readonly from: number
  readonly to: number
  readonly bytes: Uint8Array
}

/** A part with another content: its headers stay but for those that speak about the content's form. */
export function encodePart(body: Buffer, part: Part, contentType: string, content: Uint8Array): PartChange {
  const encoding = (part.headers.get('content-transfer-encoding') ?? '').trim().toLowerCase()
  const isCoded = encoding === 'base64' || encoding === 'quoted-printable'
  const head = body
    .toString('latin1', part.headStart, part.bodyStart)
    .replace(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/)
    .filter((line) => line !== '' && !/^content-(type|transfer-encoding|length)\s*:/i.test(line))
  head.push(`Content-Type: ${contentType}`)
  if (isCoded) head.push('Content-Transfer-Encoding: base64')
  else if (encoding !== '') head.push('Content-Transfer-Encoding: 8bit')
  const text = Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1')
  const bytes = Buffer.concat([text, isCoded ? Buffer.from(encodeBase64Lines(content), 'latin1') : content])
  return { from: part.headStart, to: part.end, bytes }
}

/** The body with the changed parts in place; everything between them byte for byte. */
export function joinParts(body: Buffer, changes: readonly PartChange[]): Uint8Array {
  const pieces: Uint8Array[] = []
  let at = 0
  for (const change of changes) {
    pieces.push(body.subarray(at, change.from), change.bytes)
    at = change.to
  }
  pieces.push(body.subarray(at))
  return Buffer.concat(pieces)
}
