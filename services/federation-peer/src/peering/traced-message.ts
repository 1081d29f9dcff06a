import type { SipMessage } from '@gatehouse/sip-core'

/** What is shown of one message. */
export interface ShownMessage {
  readonly startLine: string
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly bodyBytes: number
}

export const REDACTED = '[redacted]'

const MAX_HEADERS = 100
const MAX_VALUE_CHARS = 1_024
/** What people wrote, or what lets somebody in, in headers that have a name for it. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'ms-text-format',
  'subject',
  'identity',
  'p-asserted-service',
  'ms-user-data',
  'reason-phrase',
])
/** The same in headers that nobody here has heard of: rather one too many. */
const SECRET_NAME = /auth|token|secret|passw|credential|cookie|api-?key|body|text/
/** The first message of a session rides in a parameter (lcs-edge §12.1). */
const SECRET_VALUE = /ms-body=/i
/** Headers of a URI may hold a whole message (RFC 3261 §19.1.1); our own route token lets its holder use a dialog. */
const URI_HEADERS = /\?[^\s<>;,"]+/g
const ROUTE_TOKEN = /\bgh=[^;>\s,]+/g

/** Start line and headers as they came, less credentials and words; of the body its length. */
export function showMessage(message: SipMessage): ShownMessage {
  const { lines } = message.headers
  const headers = lines.slice(0, MAX_HEADERS).map(({ name, value, source, start, nameEnd }) => ({
    name: name === '' ? '(no header)' : source.slice(start, nameEnd).trim(),
    value: name === '' ? REDACTED : shownValue(name, value),
  }))
  if (lines.length > MAX_HEADERS) headers.push({ name: '…', value: `${lines.length - MAX_HEADERS} more` })
  return { startLine: shownText(message.startLine.trimEnd()), headers, bodyBytes: message.body.byteLength }
}

function shownValue(name: string, value: string): string {
  if (SECRET_HEADERS.has(name) || SECRET_NAME.test(name) || SECRET_VALUE.test(value)) return REDACTED
  return shownText(value)
}

function shownText(text: string): string {
  const clean = text.replaceAll(URI_HEADERS, '?…').replaceAll(ROUTE_TOKEN, 'gh=…')
  return clean.length > MAX_VALUE_CHARS ? `${clean.slice(0, MAX_VALUE_CHARS)}…` : clean
}
