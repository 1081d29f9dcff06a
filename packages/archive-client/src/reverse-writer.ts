/**
 * Writes protobuf from the last byte to the first, so that the length of a nested message is known when its prefix is written
 * and nothing is measured or moved. Tags are one byte up to field 15, two above. Empty values are left out, as proto3 does.
 */
export class ReverseWriter {
  #bytes: Buffer
  #at: number

  constructor(sizeBytes = 16_384) {
    this.#bytes = Buffer.allocUnsafeSlow(sizeBytes)
    this.#at = sizeBytes
  }

  /** What was written, copied out; the writer is empty again. */
  take(): Uint8Array {
    const written = Buffer.from(this.#bytes.subarray(this.#at)) // of the pool when it is small: an ArrayBuffer per record is dear
    // One huge body must not keep its memory for ever.
    if (this.#bytes.length > 262_144) this.#bytes = Buffer.allocUnsafeSlow(16_384)
    this.#at = this.#bytes.length
    return written
  }

  /** Bytes written so far; subtract two of them to get the length of what was written in between. */
  get length(): number {
    return this.#bytes.length - this.#at
  }

  string(field: number, value: string): void {
    const length = value.length
    if (length === 0) return
    this.#need(length * 3 + 8)
    const bytes = this.#bytes
    const start = this.#at - length
    // Short ASCII, which nearly every field is, is faster copied here than by a call into the runtime.
    let i = length <= 96 ? 0 : length + 1
    for (; i < length; i++) {
      const c = value.charCodeAt(i)
      if (c > 0x7f) break
      bytes[start + i] = c
    }
    if (i === length) {
      this.#at = start
      this.#prefix(field, length)
      return
    }
    const size = Buffer.byteLength(value)
    this.#at -= size
    bytes.write(value, this.#at, size, 'utf8')
    this.#prefix(field, size)
  }

  /** Bytes that were encoded before, as they are. */
  raw(bytes: Uint8Array): void {
    this.#need(bytes.length)
    this.#at -= bytes.length
    this.#bytes.set(bytes, this.#at)
  }

  /** A copy of what was written since `length` was `before`. */
  copySince(before: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, this.#at, this.#bytes.length - before)
  }

  /** One element of a repeated field, which counts also when it is empty. */
  element(field: number, value: string): void {
    if (value.length > 0) return this.string(field, value)
    this.#need(8)
    this.#prefix(field, 0)
  }

  bytes(field: number, value: Uint8Array | undefined): void {
    if (value === undefined || value.length === 0) return
    this.#need(value.length + 8)
    this.#at -= value.length
    this.#bytes.set(value, this.#at)
    this.#prefix(field, value.length)
  }

  /** Whole numbers from 0 to 2^53 - 1. */
  uint(field: number, value: number): void {
    if (value === 0) return
    this.#need(12)
    this.#varint(value)
    this.#tag(field << 3)
  }

  /** The first `count` values of a repeated field of whole numbers from 0 to 2^53 - 1. */
  packed(field: number, values: ArrayLike<number>, count: number): void {
    const before = this.length
    this.#need(count * 8 + 8)
    for (let at = count - 1; at >= 0; at--) this.#varint(values[at]!)
    if (count > 0) this.#prefix(field, this.length - before)
  }

  flag(field: number, value: boolean): void {
    if (value) this.uint(field, 1)
  }

  /** Closes a nested message whose fields were written since `length` was `before`. */
  message(field: number, before: number): void {
    this.#need(8)
    this.#prefix(field, this.length - before)
  }

  #prefix(field: number, size: number): void {
    this.#varint(size)
    this.#tag((field << 3) | 2)
  }

  #tag(tag: number): void {
    if (tag > 0x7f) this.#bytes[--this.#at] = tag >>> 7
    this.#bytes[--this.#at] = tag > 0x7f ? (tag & 0x7f) | 0x80 : tag
  }

  #varint(value: number): void {
    const bytes = this.#bytes
    if (value < 0x80) {
      bytes[--this.#at] = value
      return
    }
    let size = 1
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
    this.#at -= size
    let at = this.#at
    let rest = value
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) | 0x80
    let small = rest
    for (; small >= 0x80; small >>>= 7) bytes[at++] = (small & 0x7f) | 0x80
    bytes[at] = small
  }

  #need(size: number): void {
    if (this.#at >= size) return
    const written = this.length
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, written + size + 1024))
    grown.set(this.#bytes.subarray(this.#at), grown.length - written)
    this.#bytes = grown
    this.#at = grown.length - written
  }
}
