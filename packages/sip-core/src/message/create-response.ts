import { type HeaderLine, withRawValue } from '../header/header-line.ts'
import { HeaderId } from '../header/header-names.ts'
import { SipHeaders } from '../header/sip-headers.ts'
import { toLineText } from '../text/header-text.ts'
import { reasonPhrase } from './reason-phrase.ts'
import type { SipRequest } from './sip-request.ts'
import { SipResponse } from './sip-response.ts'

export interface ResponseExtras {
  /** Added to To unless it has a tag already. RFC 3261 §8.2.6.2: every response but 100 needs one. */
  readonly toTag?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly body?: Uint8Array
}

const NO_BODY = new Uint8Array(0)
const TRYING = 100
const FIRST_NON_SUCCESS = 300

/** Methods whose responses may make a dialog. RFC 3261 §12.1.1, RFC 6665 §4.1.2.4, RFC 3515 §2.4.4. */
const DIALOG_METHODS: ReadonlySet<string> = new Set(['INVITE', 'SUBSCRIBE', 'NOTIFY', 'REFER'])

/**
 * The response to `request`. RFC 3261 §8.2.6.2: From, Call-ID, CSeq and To equal those of the request, Via the same
 * in the same order; lines are copied as they came, so folds and parameters survive.
 */
export function createResponse(request: SipRequest, status: number, reason?: string, extras: ResponseExtras = {}): SipResponse {
  // RFC 3261 §12.1.1: a response that makes a dialog MUST carry all Record-Route values of the request.
  const hasRecordRoute = status > TRYING && status < FIRST_NON_SUCCESS && DIALOG_METHODS.has(request.method)
  const lines: HeaderLine[] = []
  for (const line of request.headers.lines) {
    const id = line.id
    if (id === HeaderId.via || id === HeaderId.from || id === HeaderId.callId || id === HeaderId.cseq) lines.push(line)
    else if (id === HeaderId.to) lines.push(withTag(request, line, extras.toTag))
    else if (id === HeaderId.recordRoute && hasRecordRoute) lines.push(line)
    // RFC 3261 §8.2.6.1: Timestamp MUST be copied into a 100.
    else if (id === HeaderId.timestamp && status === TRYING) lines.push(line)
  }
  const headers = new SipHeaders(lines)
  for (const [name, value] of extras.headers ?? []) headers.push(name, value)
  const body = extras.body ?? NO_BODY
  headers.set('Content-Length', String(body.length))
  return new SipResponse(status, reason ?? reasonPhrase(status), headers, body)
}

function withTag(request: SipRequest, line: HeaderLine, tag: string | undefined): HeaderLine {
  const to = request.to()
  if (tag === undefined || to === undefined || to.tag !== undefined) return line
  return withRawValue(line, `${line.value};tag=${toLineText(tag)}`)
}
