import type { Buffer } from 'node:buffer'
import { HeaderId } from '../header/header-names.ts'
import { type HeadIndex, indexHeaderLines } from '../header/index-header-lines.ts'
import { SipHeaders } from '../header/sip-headers.ts'
import { CR, DEL, LF, SPACE, TAB } from '../text/characters.ts'
import { createDefect, type SipDefect } from './sip-defect.ts'
import type { SipMessage } from './sip-message.ts'
import { SipRequest } from './sip-request.ts'
import { SipResponse } from './sip-response.ts'
import { isVersion2, parseStartLine, type StartLine } from './start-line.ts'

/** What became of a head. */
export interface ParsedHead {
  /** Undefined when the start line is not SIP. The body is still empty. */
  readonly message: SipMessage | undefined
  readonly defect: SipDefect | undefined
  /** True when the end of the message cannot be known, so that nothing after it can be trusted. */
  readonly isBroken: boolean
  /** Announced body length; undefined without (usable) Content-Length. */
  readonly bodyBytes: number | undefined
}

const NO_BODY = new Uint8Array(0)

/** Takes a head apart: `headBytes` of `bytes` from `start` on, which end in the first empty line. Never throws. */
export function parseHead(bytes: Buffer, start: number, headBytes: number, maxLines: number): ParsedHead {
  const head = bytes.toString('latin1', start, start + headBytes)
  const lineEnd = firstLineEnd(head)
  const startLine = parseStartLine(head, lineEnd)
  if (startLine === undefined) return broken(undefined, createDefect('GH-SIP-NOT-SIP', ''))
  const index = indexHeaderLines(head, bytes, start, lineEnd + 2, maxLines)
  const message = createMessage(head, lineEnd + 2, startLine, new SipHeaders(index.lines))
  if (index.hasTooManyLines) return broken(message, createDefect('GH-SIP-HEAD-SIZE', `more than ${maxLines} lines`))
  // A bare CR or LF is a line end to some implementations and not to others: the two would see different headers.
  // In a request line that is well formed none can stand.
  const controlAt = startLine.isRequest && startLine.isWellFormed ? -1 : findControl(head, lineEnd)
  const bareAt = controlAt >= 0 && isLineEnd(head.charCodeAt(controlAt)) ? controlAt : index.bareLineEndAt
  if (bareAt >= 0) return broken(message, createDefect('GH-SIP-LINE-END', `at byte ${bareAt}`))
  const lengthLine = message.headers.lineOf(HeaderId.contentLength)
  const bodyBytes = message.contentLength()
  if (lengthLine !== undefined && (bodyBytes === undefined || message.headers.isRepeated(HeaderId.contentLength))) {
    return broken(message, createDefect('GH-SIP-CONTENT-LENGTH', bodyBytes === undefined ? 'not a number' : 'repeated'))
  }
  return { message, defect: headDefect(startLine, index, controlAt), isBroken: false, bodyBytes }
}

function broken(message: SipMessage | undefined, defect: SipDefect): ParsedHead {
  return { message, defect, isBroken: true, bodyBytes: undefined }
}

function createMessage(head: string, startLineEnd: number, startLine: StartLine, headers: SipHeaders): SipMessage {
  const received = { version: startLine.version, head, startLineEnd }
  return startLine.isRequest
    ? new SipRequest(startLine.method, startLine.requestUri, headers, NO_BODY, received)
    : new SipResponse(startLine.status, startLine.reason, headers, NO_BODY, received)
}

/** First CRLF; there is one. One character at a time is looked for by the processor's own means, two are not. */
function firstLineEnd(head: string): number {
  let position = head.indexOf('\r')
  while (head.charCodeAt(position + 1) !== LF) position = head.indexOf('\r', position + 1)
  return position
}

/** First control character of the start line, or -1. */
function findControl(head: string, lineEnd: number): number {
  for (let position = 0; position < lineEnd; position++) {
    const code = head.charCodeAt(position)
    if ((code < SPACE && code !== TAB) || code === DEL) return position
  }
  return -1
}

function isLineEnd(code: number): boolean {
  return code === CR || code === LF
}

function headDefect(startLine: StartLine, index: HeadIndex, startControlAt: number): SipDefect | undefined {
  if (!isVersion2(startLine.version)) return createDefect('GH-SIP-VERSION', startLine.version)
  if (!startLine.isWellFormed) return createDefect('GH-SIP-START-LINE', '')
  const controlAt = startControlAt >= 0 ? startControlAt : index.controlAt
  if (controlAt >= 0) return createDefect('GH-SIP-CONTROL-CHARACTER', `at byte ${controlAt}`)
  if (index.badLineAt >= 0) return createDefect('GH-SIP-HEADER-SYNTAX', `line at byte ${index.badLineAt} has no header name`)
  return undefined
}
