/** An event that was dealt with. */
export interface SeenMark {
  /** 16 bytes as base64url: 22 characters. */
  readonly key: string
  readonly atMs: number
}

const KEY_BYTES = 16
const MARK_BYTES = KEY_BYTES + 6
const VERSION = 1

/** A page that is being filled: a version, then each mark, its key and 6 bytes of time. Each mark is written out once, however often the page goes. */
export class SeenPage {
  readonly #bytes: Buffer
  #end = 1

  constructor(most: number) {
    this.#bytes = Buffer.alloc(1 + most * MARK_BYTES)
    this.#bytes[0] = VERSION
  }

  get isEmpty(): boolean {
    return this.#end === 1
  }

  get isFull(): boolean {
    return this.#end === this.#bytes.length
  }

  add({ key, atMs }: SeenMark): void {
    this.#bytes.write(key, this.#end, KEY_BYTES, 'base64url')
    this.#bytes.writeUIntBE(Math.trunc(atMs), this.#end + KEY_BYTES, 6)
    this.#end += MARK_BYTES
  }

  /** As it is now; later marks do not change it. */
  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes.subarray(0, this.#end))
  }
}

/** What of it can be read, from the mark with that number on. Never throws. */
export function decodePage(bytes: Uint8Array, from = 0): SeenMark[] {
  const page = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const marks: SeenMark[] = []
  if (page[0] !== VERSION) return marks
  for (let at = 1 + from * MARK_BYTES; at + MARK_BYTES <= page.length; at += MARK_BYTES) {
    marks.push({ key: page.toString('base64url', at, at + KEY_BYTES), atMs: page.readUIntBE(at + KEY_BYTES, 6) })
  }
  return marks
}

/** How far the pages of others were read: a page comes again with each mark that is added to it. */
export class PagesRead {
  readonly #read = new Map<string, { readonly first: string; readonly count: number }>()

  /** What is new of a page that stands under this name. */
  news(name: string, bytes: Uint8Array): SeenMark[] {
    const first = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 1 + MARK_BYTES)).toString('latin1')
    const before = this.#read.get(name)
    // another page was written over it
    const from = before?.first === first ? before.count : 0
    const marks = decodePage(bytes, from)
    if (from + marks.length > 0) this.#read.set(name, { first, count: from + marks.length })
    return marks
  }
}
