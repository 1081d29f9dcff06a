/** What the archive said about one record; proto `AppendResult`. */
export interface AppendVerdict {
  readonly sequence: number
  readonly isDuplicate: boolean
  /** Empty, or a code. */
  readonly refusal: string
}

function varintSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5
}

/** Bytes one record takes within an `AppendRequest`. */
export function framedSize(record: Uint8Array): number {
  return 1 + varintSize(record.length) + record.length
}

/** An `AppendRequest` in a buffer of its own, so that the receiver may hand the buffer to another thread without copying. */
export function encodeAppendRequest(records: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const request = new Uint8Array(sizeBytes)
  let at = 0
  for (const record of records) {
    request[at++] = 0x0a
    let size = record.length
    for (; size >= 0x80; size >>>= 7) request[at++] = (size & 0x7f) | 0x80
    request[at++] = size
    request.set(record, at)
    at += record.length
  }
  return request
}

/** Reads an `AppendReply`; undefined when it is malformed. Unknown fields are skipped, as protobuf demands. */
export function decodeAppendReply(reply: Uint8Array): AppendVerdict[] | undefined {
  const verdicts: AppendVerdict[] = []
  const reader = new Reader(reply, 0, reply.length)
  while (reader.hasMore) {
    const tag = reader.varint()
    if (tag === 0x0a) {
      const verdict = readVerdict(reader.nested())
      if (verdict === undefined) return undefined
      verdicts.push(verdict)
    } else reader.skip(tag)
  }
  return reader.isBroken ? undefined : verdicts
}

function readVerdict(reader: Reader): AppendVerdict | undefined {
  let sequence = 0
  let isDuplicate = false
  let refusal = ''
  while (reader.hasMore) {
    const tag = reader.varint()
    if (tag === 0x08) sequence = reader.varint()
    else if (tag === 0x10) isDuplicate = reader.varint() !== 0
    else if (tag === 0x1a) refusal = reader.string()
    else reader.skip(tag)
  }
  return reader.isBroken ? undefined : { sequence, isDuplicate, refusal }
}

/** A cursor over protobuf bytes that stops and says so, instead of throwing, where they are malformed. */
class Reader {
  readonly #bytes: Uint8Array
  #at: number
  #end: number
  isBroken = false

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  get hasMore(): boolean {
    return this.#at < this.#end && !this.isBroken
  }

  varint(): number {
    let value = 0
    let scale = 1
    for (let size = 0; size < 10; size++) {
      if (this.#at >= this.#end) break
      const byte = this.#bytes[this.#at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
    this.isBroken = true
    return 0
  }

  nested(): Reader {
    const size = this.varint()
    if (size > this.#end - this.#at) {
      this.isBroken = true
      return new Reader(this.#bytes, 0, 0)
    }
    this.#at += size
    return new Reader(this.#bytes, this.#at - size, this.#at)
  }

  string(): string {
    const part = this.nested()
    return new TextDecoder().decode(this.#bytes.subarray(part.#at, part.#end))
  }

  skip(tag: number): void {
    const wire = tag & 7
    if (wire === 0) this.varint()
    else if (wire === 2) this.nested()
    else if (wire === 1 || wire === 5) this.#at += wire === 1 ? 8 : 4
    else this.isBroken = true
    if (this.#at > this.#end) this.isBroken = true
  }
}
