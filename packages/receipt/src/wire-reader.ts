/**
 * Reads protobuf in place: a cursor over one message, without an object per field. What it is given was written by ourselves and
 * is bound into a hash chain; cut or foreign bytes end the reading and are told by `isBroken`, never by an exception.
 */
export class WireReader {
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #end = 0
  /** Of the field at hand. */
  field = 0
  #wire = 0
  isBroken = false

  open(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#at = start
    this.#end = end
    this.isBroken = false
  }

  /** Goes to the next field; false at the end. The field has to be read or skipped before the next call. */
  next(): boolean {
    if (this.#at >= this.#end || this.isBroken) return false
    const tag = this.#varint()
    this.field = tag >>> 3
    this.#wire = tag & 7
    return !this.isBroken
  }

  skip(): void {
    if (this.#wire === 0) this.#varint()
    else if (this.#wire === 2) {
      const size = this.#size()
      this.#at += size
    } else if (this.#wire === 1) this.#at += 8
    else if (this.#wire === 5) this.#at += 4
    else this.isBroken = true
    if (this.#at > this.#end) this.isBroken = true
  }

  uint(): number {
    if (this.#wire === 0) return this.#varint()
    this.skip()
    return 0
  }

  flag(): boolean {
    return this.uint() !== 0
  }

  /** Of the bytes as they are: no copy. */
  bytes(): Uint8Array {
    const size = this.#size()
    const start = this.#at
    this.#at += size
    return this.#bytes.subarray(start, this.#at)
  }

  text(): string {
    const size = this.#size()
    const start = this.#at
    this.#at += size
    return size === 0 ? '' : this.#bytes.toString('utf8', start, this.#at)
  }

  /** `likely` itself where the text is the same: words that repeat from record to record cost no new string. */
  textLike(likely: string): string {
    const size = this.#size()
    const start = this.#at
    if (size !== likely.length) {
      this.#at += size
      return size === 0 ? '' : this.#bytes.toString('utf8', start, this.#at)
    }
    this.#at += size
    for (let at = 0; at < size; at++) {
      const code = this.#bytes[start + at]!
      if (code > 0x7f || code !== likely.charCodeAt(at)) return this.#bytes.toString('utf8', start, this.#at)
    }
    return likely
  }

  /** Enters the message at hand; `leave` with what it returns when it has been read. */
  enter(): number {
    const size = this.#size()
    const outer = this.#end
    this.#end = this.#at + size
    return outer
  }

  leave(outer: number): void {
    this.#at = this.#end
    this.#end = outer
  }

  #size(): number {
    if (this.#wire !== 2) {
      this.isBroken = true
      return 0
    }
    const size = this.#varint()
    if (size <= this.#end - this.#at) return size
    this.isBroken = true
    return 0
  }

  #varint(): number {
    const bytes = this.#bytes
    let value = 0
    let scale = 1
    while (this.#at < this.#end) {
      const byte = bytes[this.#at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
      if (scale > 2 ** 63) break
    }
    this.isBroken = true
    return 0
  }
}
