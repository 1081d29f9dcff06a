/** Where a message's trace stands: what travels with it from one service to the next (W3C Trace Context). */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string
  /** 16 of them. */
  readonly spanId: string
  /** What was decided where the message came in; nobody decides again. */
  readonly isSampled: boolean
}

/** Name of the header, in lower case as W3C has it and NATS servers look for it. */
export const TRACEPARENT = 'traceparent'

// Version 00 has exactly this form (W3C Trace Context §3.2.2). We read nothing later: only services of ours write it for us.
const VERSION_00 = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/
const LENGTH = 55
const SAMPLED_FLAG = 0x01

/** Undefined for whatever is not exactly a `traceparent` of version 00. The length is looked at first, so long values cost nothing. */
export function parseTraceparent(value: string | undefined): TraceContext | undefined {
  if (value === undefined || value.length !== LENGTH) return undefined
  const parts = VERSION_00.exec(value)
  if (parts === null) return undefined
  const [, traceId, spanId, flags] = parts as unknown as [string, string, string, string]
  if (isZero(traceId) || isZero(spanId)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED_FLAG) !== 0 }
}

export function formatTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`
}

function isZero(digits: string): boolean {
  return /^0+$/.test(digits)
}
