/** Walks over protobuf bytes in place. On malformed input it stops and says so; it never throws. */
export class ProtoCursor {
  readonly bytes: Buffer
  at: number
  end: number
  isBroken = false
  /** Of the field that `next` stopped at. */
  field = 0
  /** Value of a varint field. */
  value = 0
  /** Bounds of a length-delimited field. */
  start = 0
  stop = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = 0
    this.end = bytes.length
  }

  /** Goes to the next varint or length-delimited field, over others; false at the end or where the bytes are malformed. */
  next(): boolean {
    while (this.at < this.end && !this.isBroken) {
      const tag = this.#varint()
      this.field = Math.floor(tag / 8)
      const wire = tag & 7
      if (wire === 0) {
        this.value = this.#varint()
        return !this.isBroken
      }
      if (wire === 2) {
        const size = this.#varint()
        if (size > this.end - this.at) this.isBroken = true
        if (this.isBroken) return false
        this.start = this.at
        this.at += size
        this.stop = this.at
        this.value = -1
        return true
      }
      this.at += wire === 1 ? 8 : 4
      if ((wire !== 1 && wire !== 5) || this.at > this.end) this.isBroken = true
    }
    return false
  }

  /** Narrows to the field that `next` stopped at; `leave` with the result goes back. */
  enter(): number {
    const outer = this.end
    this.end = this.stop
    this.at = this.start
    return outer
  }

  leave(outer: number): void {
    this.at = this.end
    this.end = outer
  }

  text(): string {
    return this.bytes.toString('utf8', this.start, this.stop)
  }

  /** Bytes as text, one character each: for ids and keys. */
  word(): string {
    return this.bytes.toString('latin1', this.start, this.stop)
  }

  /** A view, not a copy. */
  part(): Buffer {
    return this.bytes.subarray(this.start, this.stop)
  }

  #varint(): number {
    const first = this.at < this.end ? this.bytes[this.at]! : 0x80
    if (first < 0x80) {
      this.at++
      return first
    }
    let value = 0
    let scale = 1
    for (let size = 0; size < 10 && this.at < this.end; size++) {
      const byte = this.bytes[this.at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
    this.isBroken = true
    return 0
  }
}
