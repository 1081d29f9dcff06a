/** As much of ITU-T X.690 as LDAP needs (RFC 4511 §5.1): definite lengths, for the fake server of the tests. */

export interface BerValue {
  readonly tag: number
  readonly content: Buffer
}

export function encode(tag: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  const { length } = content
  const head =
    length < 0x80 ? [tag, length] : [tag, 0x84, (length >>> 24) & 0xff, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

export function encodeInteger(value: number, tag = 0x02): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return encode(tag, bytes)
}

/** The first value, and how many bytes it takes; undefined: it is not all there yet. */
export function decode(bytes: Buffer): { readonly value: BerValue; readonly size: number } | undefined {
  const [tag, short] = bytes
  if (tag === undefined || short === undefined) return undefined
  const lengthBytes = short < 0x80 ? 0 : short & 0x7f
  if (bytes.length < 2 + lengthBytes) return undefined
  const length = lengthBytes === 0 ? short : bytes.readUIntBE(2, lengthBytes)
  const start = 2 + lengthBytes
  if (bytes.length < start + length) return undefined
  return { value: { tag, content: bytes.subarray(start, start + length) }, size: start + length }
}

/** The values within a constructed one. */
export function children({ content }: BerValue): BerValue[] {
  const found: BerValue[] = []
  for (let rest = content; rest.length > 0; ) {
    const next = decode(rest)
    if (next === undefined) throw new Error('a value ends within its parts')
    found.push(next.value)
    rest = rest.subarray(next.size)
  }
  return found
}

export function integerOf({ content }: BerValue): number {
  return content.length === 0 ? 0 : content.readIntBE(0, content.length)
}
