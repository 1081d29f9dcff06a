import type { HeaderLine } from '../header/header-line.ts'
import { HeaderId, lowerCaseNameOf, SINGLE_HEADER_COUNT } from '../header/header-names.ts'
import { isAbsoluteUri, type NameAddr } from '../header/name-addr.ts'
import { isWordAt, SPACE, skipSpace, trimEnd } from '../text/characters.ts'
import { createDefect, type SipDefect } from './sip-defect.ts'
import type { SipMessage } from './sip-message.ts'
import { scannedAddressesOf } from './sip-message-base.ts'
import type { SipRequest } from './sip-request.ts'
import { isVersion2 } from './start-line.ts'

const MANDATORY_IDS = [HeaderId.from, HeaderId.to, HeaderId.callId, HeaderId.cseq] as const
const MANDATORY_MASK = MANDATORY_IDS.reduce((mask, id) => mask | (1 << id), 0)

/**
 * The syntax checks before a message is processed (RFC 3261 §16.3 item 1, §8.2.2). Looks at what a proxy or endpoint
 * relies on and leaves the rest alone; undefined means well formed. Cheap: one pass over the lines and the typed
 * getters, which stay cached for what follows.
 */
export function checkMessage(message: SipMessage): SipDefect | undefined {
  if (!isVersion2(message.version)) return createDefect('GH-SIP-VERSION', message.version)
  return checkLines(message) ?? checkValues(message) ?? (message.isRequest ? checkRequest(message) : undefined)
}

/** Mandatory headers are there (RFC 3261 §8.1.1), single ones once (§7.3.1). */
function checkLines(message: SipMessage): SipDefect | undefined {
  let seen = 0
  let hasVia = false
  for (const line of message.headers.lines) {
    const id = line.id
    if (id >= SINGLE_HEADER_COUNT) {
      if (id === HeaderId.via) hasVia = true
      continue
    }
    if (id < 0) continue
    const bit = 1 << id
    if ((seen & bit) !== 0) return createDefect('GH-SIP-HEADER-REPEATED', lowerCaseNameOf(id))
    seen |= bit
  }
  if (!hasVia) return createDefect('GH-SIP-HEADER-MISSING', 'via')
  if ((seen & MANDATORY_MASK) === MANDATORY_MASK) return undefined
  const missing = MANDATORY_IDS.find((id) => (seen & (1 << id)) === 0)!
  return createDefect('GH-SIP-HEADER-MISSING', lowerCaseNameOf(missing))
}

function checkValues(message: SipMessage): SipDefect | undefined {
  if (message.topVia() === undefined) return syntaxDefect('via')
  const from = message.from()
  if (from === undefined || isBrokenSipUri(from)) return syntaxDefect('from')
  const to = message.to()
  if (to === undefined || isBrokenSipUri(to)) return syntaxDefect('to')
  if (!isWord(message.headers.lineOf(HeaderId.callId)!)) return syntaxDefect('call-id')
  if (message.cseq() === undefined) return syntaxDefect('cseq')
  for (const line of message.headers.lines) {
    const defect = checkOptionalLine(message, line)
    if (defect !== undefined) return defect
  }
  return undefined
}

function checkOptionalLine(message: SipMessage, line: HeaderLine): SipDefect | undefined {
  switch (line.id) {
    case HeaderId.maxForwards:
      return message.maxForwards() === undefined ? syntaxDefect('max-forwards') : undefined
    case HeaderId.contentLength:
      return message.contentLength() === undefined ? syntaxDefect('content-length') : undefined
    case HeaderId.contentType:
      return message.contentType() === undefined ? syntaxDefect('content-type') : undefined
    case HeaderId.route:
    case HeaderId.recordRoute:
      for (const address of scannedAddressesOf(line)) if (address === null || isBrokenSipUri(address)) return syntaxDefect(line.name)
      return undefined
    default:
      return undefined
  }
}

function checkRequest(request: SipRequest): SipDefect | undefined {
  // RFC 3261 §8.1.1.5: the method of CSeq MUST be that of the request.
  if (request.cseq()!.method !== request.method) return createDefect('GH-SIP-CSEQ-MISMATCH', request.cseq()!.method)
  const uri = request.requestUri
  if (!isAbsoluteUri(uri, 0, uri.length)) return createDefect('GH-SIP-REQUEST-URI', '')
  // RFC 3261 §19.1.1; §16.3 item 2 leaves other schemes to the routing (416).
  if (!hasSipScheme(uri)) return undefined
  const sipUri = request.requestSipUri()
  if (sipUri === undefined) return createDefect('GH-SIP-REQUEST-URI', '')
  // RFC 3261 §19.1.1 (table 1), RFC 4475 §3.1.2.11: headers are not allowed in a Request-URI; they could smuggle in a Route.
  return sipUri.headers === undefined ? undefined : createDefect('GH-SIP-REQUEST-URI', 'holds headers')
}

function isBrokenSipUri(address: NameAddr): boolean {
  return address.sipUri === undefined && hasSipScheme(address.uri)
}

/** RFC 3261 §25.1 callid = word ["@" word]: not empty, no white space inside. */
function isWord(line: HeaderLine): boolean {
  const start = skipSpace(line.source, line.valueStart, line.end)
  const end = trimEnd(line.source, start, line.end)
  for (let position = start; position < end; position++) if (line.source.charCodeAt(position) <= SPACE) return false
  return end > start
}

function hasSipScheme(uri: string): boolean {
  return isWordAt(uri, 0, 4, 'sip:') || isWordAt(uri, 0, 5, 'sips:')
}

function syntaxDefect(header: string): SipDefect {
  return createDefect('GH-SIP-HEADER-SYNTAX', header)
}
