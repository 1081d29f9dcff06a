/** Reads DER (X.690): strict, bounded, never throws. Only what certificates and CRLs use; multi-octet tags are refused. */

/** RFC 5280 needs about a dozen levels; name constraints inside an extension are the deepest. */
const MAX_DEPTH = 32
/** A certificate with a thousand names has about 3000 elements; a CRL is read entry by entry and not walked. */
const MAX_ELEMENTS = 16_384
const EMPTY = new Uint8Array(0)

/** One tag-length-value. */
export interface DerElement {
  /** The whole identifier octet; -1 for the placeholder that a failed read gives. */
  readonly tag: number
  /** Tag, length and value. */
  readonly whole: Uint8Array
  readonly content: Uint8Array
}

const NOTHING: DerElement = { tag: -1, whole: EMPTY, content: EMPTY }

/** Reads elements one after the other; after the first mistake `hasFailed` stays set and everything read is empty. */
export class DerCursor {
  readonly #bytes: Uint8Array
  #at = 0
  hasFailed = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.hasFailed || this.#at >= this.#bytes.length
  }

  /** True when everything was read without a mistake. */
  get isDone(): boolean {
    return !this.hasFailed && this.#at === this.#bytes.length
  }

  /** Tag of the next element; -1 at the end. */
  get nextTag(): number {
    return this.isAtEnd ? -1 : (this.#bytes[this.#at] as number)
  }

  fail(): DerElement {
    this.hasFailed = true
    return NOTHING
  }

  /** The next element, which must have the tag `expected` when one is given. */
  take(expected?: number): DerElement {
    const bytes = this.#bytes
    if (this.hasFailed || this.#at + 2 > bytes.length) return this.fail()
    const start = this.#at
    const tag = bytes[start] as number
    if ((tag & 0x1f) === 0x1f || (expected !== undefined && tag !== expected)) return this.fail()
    let at = start + 1
    let length = bytes[at++] as number
    if (length >= 0x80) {
      // X.690 §10.1: definite form, as short as can be.
      const octets = length & 0x7f
      if (octets === 0 || octets > 4 || at + octets > bytes.length) return this.fail()
      length = 0
      for (let i = 0; i < octets; i++) length = length * 256 + (bytes[at++] as number)
      if (length < 0x80 || length < 256 ** (octets - 1)) return this.fail()
    }
    if (at + length > bytes.length) return this.fail()
    this.#at = at + length
    return { tag, whole: bytes.subarray(start, this.#at), content: bytes.subarray(at, this.#at) }
  }

  /** The next element if it has that tag. */
  optional(tag: number): DerElement | undefined {
    return this.nextTag === tag ? this.take(tag) : undefined
  }

  /** A cursor over the content of the next element. */
  enter(tag: number): DerCursor {
    const cursor = new DerCursor(this.take(tag).content)
    cursor.hasFailed = this.hasFailed
    return cursor
  }
}

/** True when the bytes are exactly one DER element and so is everything in its constructed parts, within depth and count bounds. */
export function isWellFormedDer(bytes: Uint8Array): boolean {
  const levels: DerCursor[] = [new DerCursor(bytes)]
  let count = 0
  while (levels.length > 0) {
    const cursor = levels[levels.length - 1] as DerCursor
    if (cursor.isAtEnd) {
      if (cursor.hasFailed) return false
      levels.pop()
      continue
    }
    const element = cursor.take()
    count += 1
    if (cursor.hasFailed || count > MAX_ELEMENTS) return false
    if (levels.length === 1 && !cursor.isDone) return false
    if ((element.tag & 0x20) !== 0) {
      if (levels.length >= MAX_DEPTH) return false
      levels.push(new DerCursor(element.content))
    }
  }
  return count > 0
}

/** OBJECT IDENTIFIER content as dotted text; undefined when malformed. Arcs above 2^53 do not occur in what is compared. */
export function readOid(content: Uint8Array): string | undefined {
  if (content.length === 0 || content.length > 64 || ((content[content.length - 1] as number) & 0x80) !== 0) return undefined
  const arcs: number[] = []
  let arc = 0
  for (const octet of content) {
    arc = arc * 128 + (octet & 0x7f)
    if (arc > Number.MAX_SAFE_INTEGER) return undefined
    if ((octet & 0x80) !== 0) continue
    if (arcs.length === 0) {
      const first = Math.min(2, Math.floor(arc / 40))
      arcs.push(first, arc - first * 40)
    } else arcs.push(arc)
    arc = 0
  }
  return arcs.join('.')
}

/** A small non-negative INTEGER; undefined when negative, malformed or above 2^31. */
export function readSmallInteger(content: Uint8Array): number | undefined {
  if (content.length === 0 || content.length > 5 || ((content[0] as number) & 0x80) !== 0) return undefined
  if (content.length > 1 && content[0] === 0 && ((content[1] as number) & 0x80) === 0) return undefined
  let value = 0
  for (const octet of content) value = value * 256 + octet
  return value < 2 ** 31 ? value : undefined
}

/** X.690 §11.1: TRUE is 0xFF in DER, nothing else. */
export function readBoolean(content: Uint8Array): boolean | undefined {
  if (content.length !== 1) return undefined
  if (content[0] === 0xff) return true
  return content[0] === 0 ? false : undefined
}

const SHORT_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
const LONG_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/

/** RFC 5280 §4.1.2.5: UTCTime or GeneralizedTime with seconds and `Z`; milliseconds since 1970, undefined when malformed. */
export function readTime(element: DerElement): number | undefined {
  if (element.content.length > 15) return undefined
  const text = readLatin1(element.content)
  const parts = element.tag === 0x17 ? SHORT_TIME.exec(text) : element.tag === 0x18 ? LONG_TIME.exec(text) : null
  if (parts === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number)
  // RFC 5280 §4.1.2.5.1: two-digit years from 50 on are of the twentieth century.
  const fullYear = element.tag === 0x18 ? year : year >= 50 ? 1900 + year : 2000 + year
  const at = new Date(Date.UTC(fullYear, month - 1, day, hour, minute, second))
  if (fullYear < 100) at.setUTCFullYear(fullYear)
  if (at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) return undefined
  return at.getTime()
}

export function readLatin1(content: Uint8Array): string {
  return Buffer.from(content.buffer, content.byteOffset, content.length).toString('latin1')
}

const utf8Decoder = new TextDecoder('utf-8', { fatal: false })

/** Text of a DirectoryString or IA5String; undefined for tags that are not strings. */
export function readText(element: DerElement): string | undefined {
  switch (element.tag) {
    case 0x0c:
      return utf8Decoder.decode(element.content)
    case 0x13:
    case 0x14:
    case 0x16:
    case 0x1a:
      return readLatin1(element.content)
    case 0x1e: {
      const swapped = Buffer.from(element.content)
      return swapped.length % 2 === 0 ? swapped.swap16().toString('utf16le') : undefined
    }
    default:
      return undefined
  }
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}
