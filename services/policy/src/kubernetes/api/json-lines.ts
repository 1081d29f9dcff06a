/** Cuts a stream of lines into JSON values. A line of any length up to a limit, in pieces of any size. */
export class JsonLines {
  readonly #maxBytes: number
  #pieces: Buffer[] = []
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The values that end in this piece; undefined: a line is too long or is no JSON, and nothing more is to be read. */
  take(piece: Buffer): readonly unknown[] | undefined {
    const values: unknown[] = []
    let start = 0
    for (let end = piece.indexOf(0x0a); end >= 0; end = piece.indexOf(0x0a, start)) {
      this.#keep(piece.subarray(start, end))
      start = end + 1
      if (this.#bytes > this.#maxBytes) return undefined
      const line = Buffer.concat(this.#pieces).toString('utf8')
      this.#pieces = []
      this.#bytes = 0
      if (line.trim() === '') continue
      try {
        values.push(JSON.parse(line))
      } catch {
        return undefined
      }
    }
    this.#keep(piece.subarray(start))
    return this.#bytes > this.#maxBytes ? undefined : values
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return
    this.#pieces.push(piece)
    this.#bytes += piece.length
  }
}
