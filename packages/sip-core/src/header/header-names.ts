/** One known header: how it is written, its lower-case form and its compact form (RFC 3261 §7.3.3). */
interface KnownHeader {
  readonly id: number
  readonly spelling: string
  readonly lowerCase: string
}

/**
 * Headers that may stand only once (RFC 3261 §7.3.1: only headers defined as comma lists may be repeated).
 * They come first: their ids are below 31, so that one integer can say which were seen.
 */
const SINGLE_HEADERS = [
  'From',
  'To',
  'Call-ID',
  'CSeq',
  'Max-Forwards',
  'Content-Length',
  'Content-Type',
  'Event',
  'Expires',
  'Refer-To',
  'Referred-By',
  'Subscription-State',
  'Session-Expires',
  'Min-Expires',
  'Min-SE',
  'Date',
  'Content-Disposition',
  'MIME-Version',
  'Replaces',
  'SIP-ETag',
  'SIP-If-Match',
] as const

const OTHER_HEADERS = [
  'Via',
  'Route',
  'Record-Route',
  'Contact',
  'Accept',
  'Accept-Contact',
  'Accept-Encoding',
  'Accept-Language',
  'Alert-Info',
  'Allow',
  'Allow-Events',
  'Authorization',
  'Authentication-Info',
  'Content-Encoding',
  'Content-Language',
  'Diversion',
  'EndPoints',
  'Error-Info',
  'Identity',
  'Identity-Info',
  'In-Reply-To',
  'ms-asserted-verification-level',
  'Ms-Conversation-ID',
  'ms-diagnostics',
  'ms-diagnostics-public',
  'ms-edge-proxy-message-trust',
  'ms-fe',
  'ms-keep-alive',
  'Ms-Sensitivity',
  'ms-text-format',
  'ms-user-data',
  'Organization',
  'P-Asserted-Identity',
  'P-Preferred-Identity',
  'Path',
  'Priority',
  'Privacy',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Proxy-Require',
  'Reason',
  'Reject-Contact',
  'Remote-Party-ID',
  'Reply-To',
  'Request-Disposition',
  'Require',
  'Retry-After',
  'Roster-Manager',
  'RSeq',
  'RAck',
  'Server',
  'Service-Route',
  'Subject',
  'Supported',
  'Timestamp',
  'TriggeredInvite',
  'Unsupported',
  'User-Agent',
  'Warning',
  'WWW-Authenticate',
] as const

/** The usual spelling of a header this gateway knows; any other name may be used as plain text. */
export type HeaderName = (typeof SINGLE_HEADERS)[number] | (typeof OTHER_HEADERS)[number]

/** RFC 3261 §7.3.3 and the registry of later compact forms. */
const COMPACT_FORMS: Readonly<Record<string, HeaderName>> = {
  a: 'Accept-Contact',
  b: 'Referred-By',
  c: 'Content-Type',
  d: 'Request-Disposition',
  e: 'Content-Encoding',
  f: 'From',
  i: 'Call-ID',
  j: 'Reject-Contact',
  k: 'Supported',
  l: 'Content-Length',
  m: 'Contact',
  n: 'Identity-Info',
  o: 'Event',
  r: 'Refer-To',
  s: 'Subject',
  t: 'To',
  u: 'Allow-Events',
  v: 'Via',
  x: 'Session-Expires',
  y: 'Identity',
}

const KNOWN: readonly KnownHeader[] = [...SINGLE_HEADERS, ...OTHER_HEADERS].map((spelling, id) => ({
  id,
  spelling,
  lowerCase: spelling.toLowerCase(),
}))

/** Id of a header whose name is in no table. */
export const UNKNOWN_HEADER = -1
/** Id of a line that is no header at all (no colon, bad name). */
export const BAD_HEADER = -2
/** Ids below this one belong to headers that may stand only once. */
export const SINGLE_HEADER_COUNT: number = SINGLE_HEADERS.length

const BY_TEXT: ReadonlyMap<string, KnownHeader> = buildByText()

function buildByText(): ReadonlyMap<string, KnownHeader> {
  const map = new Map<string, KnownHeader>()
  for (const known of KNOWN) map.set(known.spelling, known).set(known.lowerCase, known)
  for (const [compact, spelling] of Object.entries(COMPACT_FORMS)) {
    const known = map.get(spelling)!
    map.set(compact, known).set(compact.toUpperCase(), known)
  }
  return map
}

/** Id of a known header by any spelling or its compact form; `UNKNOWN_HEADER` otherwise. */
export function headerId(name: string): number {
  const known = BY_TEXT.get(name) ?? BY_TEXT.get(name.toLowerCase())
  return known === undefined ? UNKNOWN_HEADER : known.id
}

/** Lower-case long name: `v` and `VIA` both give `via`. */
export function canonicalHeaderName(name: string): string {
  const lowerCase = name.toLowerCase()
  return BY_TEXT.get(lowerCase)?.lowerCase ?? lowerCase
}

export function lowerCaseNameOf(id: number): string {
  return KNOWN[id]!.lowerCase
}

export function spellingOf(id: number): string {
  return KNOWN[id]!.spelling
}

interface HashSlot {
  readonly text: string
  readonly id: number
  readonly next: HashSlot | undefined
}

const HASH_SLOTS = 1024

/** One step of the name hash; the case bit is set so that spelling does not matter. */
export function hashStep(hash: number, code: number): number {
  return (Math.imul(hash, 31) + (code | 0x20)) | 0
}

const BY_HASH: readonly (HashSlot | undefined)[] = buildByHash()

function buildByHash(): (HashSlot | undefined)[] {
  const slots = new Array<HashSlot | undefined>(HASH_SLOTS).fill(undefined)
  const texts = new Map<string, number>()
  for (const known of KNOWN) texts.set(known.lowerCase, known.id)
  for (const compact of Object.keys(COMPACT_FORMS)) texts.set(compact, BY_TEXT.get(compact)!.id)
  for (const [text, id] of texts) {
    let hash = 0
    for (let index = 0; index < text.length; index++) hash = hashStep(hash, text.charCodeAt(index))
    const slot = hash & (HASH_SLOTS - 1)
    slots[slot] = { text, id, next: slots[slot] }
  }
  return slots
}

/** Id of the header named by `bytes[start, end)`, whose hash was gathered while it was scanned. */
export function headerIdAt(bytes: Uint8Array, start: number, end: number, hash: number): number {
  let slot = BY_HASH[hash & (HASH_SLOTS - 1)]
  while (slot !== undefined) {
    const text = slot.text
    if (text.length === end - start) {
      let index = 0
      while (index < text.length && (bytes[start + index]! | 0x20) === text.charCodeAt(index)) index++
      if (index === text.length) return slot.id
    }
    slot = slot.next
  }
  return UNKNOWN_HEADER
}

/** Ids the package itself asks for. */
export const HeaderId = {
  from: headerId('From') as number,
  to: headerId('To') as number,
  callId: headerId('Call-ID') as number,
  cseq: headerId('CSeq') as number,
  maxForwards: headerId('Max-Forwards') as number,
  contentLength: headerId('Content-Length') as number,
  contentType: headerId('Content-Type') as number,
  via: headerId('Via') as number,
  route: headerId('Route') as number,
  recordRoute: headerId('Record-Route') as number,
  contact: headerId('Contact') as number,
  assertedIdentity: headerId('P-Asserted-Identity') as number,
  timestamp: headerId('Timestamp') as number,
} as const
