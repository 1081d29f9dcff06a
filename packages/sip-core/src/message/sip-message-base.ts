import { type CSeq, scanCSeq } from '../header/cseq.ts'
import type { HeaderLine } from '../header/header-line.ts'
import { HeaderId } from '../header/header-names.ts'
import { type MediaType, scanMediaType } from '../header/media-type.ts'
import { type NameAddr, scanNameAddr, scanOnlyNameAddr } from '../header/name-addr.ts'
import type { SipHeaders } from '../header/sip-headers.ts'
import { valueEndAt } from '../header/split-header-values.ts'
import { scanVia, type Via } from '../header/via.ts'
import { decimalAt } from '../text/characters.ts'

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
    return numberOf(this.headers.lineOf(HeaderId.maxForwards))
  }

  contentLength(): number | undefined {
    return numberOf(this.headers.lineOf(HeaderId.contentLength))
  }

  contentType(): MediaType | undefined {
    return readValue(this.headers.lineOf(HeaderId.contentType), scanMediaType)
  }

  /** Route values in order; those that are not well formed are left out (and refused by `checkMessage`). */
  routes(): NameAddr[] {
    return addressesOf(this.headers, HeaderId.route)
  }

  recordRoutes(): NameAddr[] {
    return addressesOf(this.headers, HeaderId.recordRoute)
  }

  contacts(): NameAddr[] {
    return addressesOf(this.headers, HeaderId.contact)
  }

  /** P-Asserted-Identity values. RFC 3325 §9.1. */
  assertedIdentities(): NameAddr[] {
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

function numberOf(line: HeaderLine | undefined): number | undefined {
  if (line === undefined) return undefined
  if (line.parsed === undefined) line.parsed = decimalAt(line.value, 0, line.value.length)
  return (line.parsed as number) < 0 ? undefined : (line.parsed as number)
}

/** All addresses of a header that takes comma lists, kept per line; `null` marks one that is not well formed. */
export function scannedAddressesOf(line: HeaderLine): readonly (NameAddr | null)[] {
  if (line.parsed === undefined) {
    const text = line.isFolded ? line.value : line.source
    const lineEnd = line.isFolded ? text.length : line.end - 2
    const addresses: (NameAddr | null)[] = []
    for (let start = line.isFolded ? 0 : line.valueStart; start <= lineEnd; ) {
      const address = scanNameAddr(text, start, lineEnd)
      addresses.push(address ?? null)
      start = (address?.end ?? valueEndAt(text, start, lineEnd)) + 1
    }
    line.parsed = addresses
  }
  return line.parsed as (NameAddr | null)[]
}

function addressesOf(headers: SipHeaders, id: number): NameAddr[] {
  const addresses: NameAddr[] = []
  for (const line of headers.lines) {
    if (line.id !== id) continue
    for (const address of scannedAddressesOf(line)) if (address !== null) addresses.push(address)
  }
  return addresses
}
