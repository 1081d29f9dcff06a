/**
 * Which headers of the Microsoft family may cross the gate. An allow-list: a header nobody here has heard of, whose
 * name says it is internal (`ms-…`, `p-ms-…`), stays on its side; headers outside the family pass byte for byte.
 */
const MAY_CROSS: ReadonlySet<string> = new Set([
  'ms-text-format',
  'ms-conversation-id',
  'ms-sensitivity',
  'ms-sender',
  'ms-diagnostics-public',
  'ms-asserted-verification-level',
])

/** Names outside the `ms-` family that speak for a trust domain of their own and never enter or leave. */
const NEVER_CROSS: ReadonlySet<string> = new Set(['p-preferred-identity', 'cc-diversion', 'remote-party-id'])

/**
 * Trace context of the common tracing systems (W3C Trace Context and Baggage, B3, Jaeger, Datadog) and what SIP servers make of them. Taken
 * over by a server behind us, a stranger's would decide what that one traces; ours would tell strangers of our inside.
 */
const TRACE_HEADERS: ReadonlySet<string> = new Set([
  'traceparent',
  'tracestate',
  'baggage',
  'b3',
  'uber-trace-id',
  'x-traceparent',
  'x-tracestate',
])

/** True for a header that has to be removed whichever way the message goes. */
export function isKeptOnItsSide(lowerCaseName: string): boolean {
  const first = lowerCaseName.charCodeAt(0)
  if (first === 0x6d /* m */) return lowerCaseName.startsWith('ms-') && !MAY_CROSS.has(lowerCaseName)
  if (first === 0x70 /* p */) return lowerCaseName.startsWith('p-ms-') || NEVER_CROSS.has(lowerCaseName)
  if (first === 0x63 /* c */ || first === 0x72 /* r */) return NEVER_CROSS.has(lowerCaseName)
  if (first === 0x74 /* t */ || first === 0x75 /* u */) return TRACE_HEADERS.has(lowerCaseName)
  if (first === 0x62 /* b */) return TRACE_HEADERS.has(lowerCaseName) || lowerCaseName.startsWith('b3-')
  if (first === 0x78 /* x */) return TRACE_HEADERS.has(lowerCaseName) || TRACE_PREFIX.test(lowerCaseName)
  return false
}

const TRACE_PREFIX = /^x-(?:b3-|datadog-|cloud-trace-context$|amzn-trace-id$|request-trace$)/

/** True for any header of the Microsoft family: none of them goes to a peer that speaks standard SIP only. */
export function isMicrosoftHeader(lowerCaseName: string): boolean {
  return lowerCaseName.startsWith('ms-') || lowerCaseName.startsWith('p-ms-')
}
