import { Buffer } from 'node:buffer'

export interface DecodedText {
  readonly text: string
  /** The bytes are UTF-8: an edited text needs no other `charset`. */
  readonly isUtf8: boolean
}

/** The text of a body, by its charset; undefined when nobody here knows the charset. Without one: UTF-8, as SIP says (RFC 3261 §7.4.1). */
export function decodeText(bytes: Uint8Array, charset: string | undefined): DecodedText | undefined {
  const marked = charsetOfMark(bytes)
  const label = (marked ?? charset ?? 'utf-8').trim().toLowerCase()
  if (label === '' || label === 'utf-8' || label === 'utf8' || label === 'us-ascii' || label === 'ascii') {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
    return { text, isUtf8: label !== 'us-ascii' && label !== 'ascii' }
  }
  // without a mark nobody knows which byte comes first
  if (label === 'utf-16' && marked === undefined) return undefined
  try {
    return { text: new TextDecoder(label).decode(bytes), isUtf8: false }
  } catch {
    return undefined
  }
}

/** One character per byte: for RTF, whose bytes are not text yet. */
export function decodeBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function charsetOfMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  return undefined
}
