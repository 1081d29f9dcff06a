import { Buffer } from 'node:buffer'

/** IRCv3 message tags: 8191 bytes of tags from a server with `@` and space, and 512 of the rest; some servers raise the rest. */
const MAX_LINE_BYTES = 8191 + 4096

export type LineDefect = 'overlong' | 'nul'

export type FramedLine = { readonly line: string } | { readonly defect: LineDefect }

/**
 * Cuts a stream into lines (RFC 1459 §2.3: CR LF; a bare LF is taken as well, as every server does). A line that is too long is dropped to its
 * end and reported; one that is no UTF-8 is read as Latin-1, because old clients still send it.
 */
export class LineFramer {
  #chunks: Uint8Array[] = []
  #held = 0
  #isSkipping = false
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })

  get bufferedBytes(): number {
    return this.#held
  }

  /** Calls with each complete line. Empty lines are dropped. */
  handleData(data: Uint8Array, onLine: (line: FramedLine) => void): void {
    let start = 0
    for (let end = data.indexOf(0x0a); end >= 0; end = data.indexOf(0x0a, start)) {
      this.#finish(data.subarray(start, end), onLine)
      start = end + 1
    }
    if (start < data.length) this.#hold(data.subarray(start), onLine)
  }

  #hold(rest: Uint8Array, onLine: (line: FramedLine) => void): void {
    if (this.#isSkipping) return
    if (this.#held + rest.length > MAX_LINE_BYTES) {
      this.#drop()
      this.#isSkipping = true
      onLine({ defect: 'overlong' })
      return
    }
    // a copy: the caller's buffer may be used again
    this.#chunks.push(Uint8Array.from(rest))
    this.#held += rest.length
  }

  #finish(tail: Uint8Array, onLine: (line: FramedLine) => void): void {
    if (this.#isSkipping) {
      this.#isSkipping = false
      return
    }
    if (this.#held + tail.length > MAX_LINE_BYTES) {
      this.#drop()
      onLine({ defect: 'overlong' })
      return
    }
    let bytes = tail
    if (this.#held > 0) {
      bytes = Buffer.concat([...this.#chunks, tail])
      this.#drop()
    }
    if (bytes.length > 0 && bytes[bytes.length - 1] === 0x0d) bytes = bytes.subarray(0, -1)
    if (bytes.length === 0) return
    if (bytes.includes(0)) onLine({ defect: 'nul' })
    else onLine({ line: this.#decode(bytes) })
  }

  #decode(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes)
    } catch {
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    }
  }

  #drop(): void {
    this.#chunks = []
    this.#held = 0
  }
}
