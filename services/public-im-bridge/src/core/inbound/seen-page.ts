/** An event that was dealt with. */
export interface SeenMark {
  /** 16 bytes as base64url: 22 characters. */
  readonly key: string
  readonly atMs: number
}

const KEY_BYTES = 16
const MARK_BYTES = KEY_BYTES + 6
const VERSION = 1

/** A version, then each mark: its key and 6 bytes of time. */
export function encodePage(marks: readonly SeenMark[]): Uint8Array {
  const page = Buffer.alloc(1 + marks.length * MARK_BYTES)
  page[0] = VERSION
  let at = 1
  for (const { key, atMs } of marks) {
    page.write(key, at, KEY_BYTES, 'base64url')
    page.writeUIntBE(Math.trunc(atMs), at + KEY_BYTES, 6)
    at += MARK_BYTES
  }
  return page
}

/** What of it can be read. Never throws. */
export function decodePage(bytes: Uint8Array): SeenMark[] {
  const page = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const marks: SeenMark[] = []
  if (page[0] !== VERSION) return marks
  for (let at = 1; at + MARK_BYTES <= page.length; at += MARK_BYTES) {
    marks.push({ key: page.toString('base64url', at, at + KEY_BYTES), atMs: page.readUIntBE(at + KEY_BYTES, 6) })
  }
  return marks
}
