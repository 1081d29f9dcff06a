import { type CSeq, scanCSeq } from '../header/cseq.ts'
import type { HeaderLine } from '../header/header-line.ts'
import { HeaderId } from '../header/header-names.ts'
import { type MediaType, scanMediaType } from '../header/media-type.ts'
import { type NameAddr, scanNameAddr, scanOnlyNameAddr } from '../header/name-addr.ts'
import type { SipHeaders } from '../header/sip-headers.ts'
import { valueEndAt } from '../header/split-header-values.ts'
import { scanVia, type Via } from '../header/via.ts'
import { decimalAt, skipSpace, trimEnd } from '../text/characters.ts'

type Scan<T> = (text: string, start: number, end: number) => T | undefined

/**
 * What requests and responses share: headers, body and typed getters. Getters parse on first use; the result stays
 * with the header line it came from, so an edit of that header makes the next call parse anew. A getter gives
 * undefined when the header is absent or not well formed; `checkMessage` tells the two apart.
 */
export abstract class SipMessageBase {
  readonly headers: SipHeaders
  /** Exactly the announced bytes; may be a view into a received chunk. */
  body: Uint8Array

  constructor(headers: SipHeaders, body: Uint8Array) {
    this.headers = headers
    this.body = body
  }

  topVia(): Via | undefined {
    return readValue(this.headers.lineOf(HeaderId.via), scanVia)
  }

  from(): NameAddr | undefined {
    return readValue(this.headers.lineOf(HeaderId.from), scanOnlyNameAddr)
  }

  to(): NameAddr | undefined {
    return readValue(this.headers.lineOf(HeaderId.to), scanOnlyNameAddr)
  }

  callId(): string | undefined {
    return this.headers.lineOf(HeaderId.callId)?.value
  }

  cseq(): CSeq | undefined {
    return readValue(this.headers.lineOf(HeaderId.cseq), scanCSeq)
  }

  maxForwards(): number | undefined {
    return readValue(this.headers.lineOf(HeaderId.maxForwards), scanNumber)
  }

  contentLength(): number | undefined {
    return readValue(this.headers.lineOf(HeaderId.contentLength), scanNumber)
  }

  contentType(): MediaType | undefined {
    return readValue(this.headers.lineOf(HeaderId.contentType), scanMediaType)
  }

  /** Route values in order; those that are not well formed are left out (and refused by `checkMessage`). */
  routes(): readonly NameAddr[] {
    return addressesOf(this.headers, HeaderId.route)
  }

  recordRoutes(): readonly NameAddr[] {
    return addressesOf(this.headers, HeaderId.recordRoute)
  }

  contacts(): readonly NameAddr[] {
    return addressesOf(this.headers, HeaderId.contact)
  }

  /** P-Asserted-Identity values. RFC 3325 §9.1. */
  assertedIdentities(): readonly NameAddr[] {
    return addressesOf(this.headers, HeaderId.assertedIdentity)
  }
}

/** Parses the value of a line, in place unless it is folded. */
function readValue<T>(line: HeaderLine | undefined, scan: Scan<T>): T | undefined {
  if (line === undefined) return undefined
  if (line.parsed === undefined) {
    line.parsed = (line.isFolded ? scan(line.value, 0, line.value.length) : scan(line.source, line.valueStart, line.end - 2)) ?? null
  }
  return (line.parsed as T | null) ?? undefined
}

/** RFC 3261 §25.1 1*DIGIT. */
function scanNumber(text: string, start: number, end: number): number | undefined {
  const from = skipSpace(text, start, end)
  const value = decimalAt(text, from, trimEnd(text, from, end))
  return value < 0 ? undefined : value
}

/** All addresses of one line, kept with it; `null` marks one that is not well formed. */
export function scannedAddressesOf(line: HeaderLine): readonly (NameAddr | null)[] {
  if (line.parsed === undefined) {
    const text = line.isFolded ? line.value : line.source
    const start = line.isFolded ? 0 : line.valueStart
    const end = line.isFolded ? text.length : line.end - 2
    const first = scanNameAddr(text, start, end)
    line.parsed = first?.end === end ? [first] : scanAddressList(text, start, end)
  }
  return line.parsed as (NameAddr | null)[]
}

function scanAddressList(text: string, listStart: number, listEnd: number): (NameAddr | null)[] {
  const addresses: (NameAddr | null)[] = []
  for (let start = listStart; start <= listEnd; ) {
    const address = scanNameAddr(text, start, listEnd)
    addresses.push(address ?? null)
    start = (address?.end ?? valueEndAt(text, start, listEnd)) + 1
  }
  return addresses
}

const NO_ADDRESSES: readonly NameAddr[] = []

function addressesOf(headers: SipHeaders, id: number): readonly NameAddr[] {
  let addresses = NO_ADDRESSES
  for (const line of headers.lines) {
    if (line.id !== id) continue
    const scanned = scannedAddressesOf(line)
    const known = scanned.includes(null) ? scanned.filter((address) => address !== null) : (scanned as readonly NameAddr[])
    addresses = addresses.length === 0 ? known : addresses.concat(known)
  }
  return addresses
}
