/** Writes DER (X.690): just what certificates and revocation lists need, and able to write the broken ones that tests want. */

const encoder = new TextEncoder()

function concat(parts: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const part of parts) size += part.length
  const out = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** One tag-length-value; `tag` is the whole identifier octet. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const value = concat(parts)
  const length: number[] = []
  if (value.length < 0x80) length.push(value.length)
  else {
    for (let rest = value.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256)
    length.unshift(0x80 | length.length)
  }
  return concat([Uint8Array.of(tag, ...length), value])
}

export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return tlv(0x30, ...parts)
}

/** X.690 §11.6: the members of a SET OF are sorted. */
export function set(...parts: readonly Uint8Array[]): Uint8Array {
  return tlv(0x31, ...[...parts].sort((a, b) => Buffer.compare(a, b)))
}

export function integer(value: bigint | number): Uint8Array {
  let hex = BigInt(value).toString(16)
  if (hex.length % 2 === 1) hex = `0${hex}`
  const bytes = Buffer.from(hex, 'hex')
  return tlv(0x02, (bytes[0] as number) & 0x80 ? concat([Uint8Array.of(0), bytes]) : bytes)
}

export function boolean(value: boolean): Uint8Array {
  return tlv(0x01, Uint8Array.of(value ? 0xff : 0))
}

export function nothing(): Uint8Array {
  return tlv(0x05)
}

export function octets(value: Uint8Array): Uint8Array {
  return tlv(0x04, value)
}

export function bits(value: Uint8Array, unusedBits = 0): Uint8Array {
  return tlv(0x03, Uint8Array.of(unusedBits), value)
}

export function utf8(text: string): Uint8Array {
  return tlv(0x0c, encoder.encode(text))
}

export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const bytes: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    const group = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) group.unshift((left % 128) | 0x80)
    bytes.push(...group)
  }
  return tlv(0x06, Uint8Array.from(bytes))
}

/** RFC 5280 §4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050. */
export function time(at: Date): Uint8Array {
  const digits = at.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)
  const isShort = at.getUTCFullYear() >= 1950 && at.getUTCFullYear() < 2050
  return tlv(isShort ? 0x17 : 0x18, encoder.encode(`${isShort ? digits.slice(2) : digits}Z`))
}

/** `[n]` around whole values. */
export function explicit(n: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return tlv(0xa0 | n, ...parts)
}

/** `[n]` in place of a primitive's own tag. */
export function implicit(n: number, value: Uint8Array): Uint8Array {
  return tlv(0x80 | n, value)
}

export function toPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
