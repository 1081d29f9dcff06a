import { Buffer } from 'node:buffer'
import { HeaderId } from '../header/header-names.ts'
import type { SipMessage } from './sip-message.ts'

/**
 * Start line and headers with the empty line, as latin1 text (one character per byte). Lines that were not edited
 * come out byte for byte; neighbours of the same source are copied as one piece.
 */
export function encodeHead(message: SipMessage): string {
  let head = message.startLine
  let source = ''
  let from = 0
  let to = 0
  for (const line of message.headers.lines) {
    if (line.source === source && line.start === to) {
      to = line.end
      continue
    }
    if (to > from) head += source.slice(from, to)
    source = line.source
    from = line.start
    to = line.end
  }
  if (to > from) head += source.slice(from, to)
  return `${head}\r\n`
}

/** Makes Content-Length say the length of the body (RFC 3261 §20.14), leaving a right one alone. */
export function settleContentLength(message: SipMessage): void {
  const isRight = message.contentLength() === message.body.length && !message.headers.isRepeated(HeaderId.contentLength)
  if (!isRight) message.headers.set('Content-Length', String(message.body.length))
}

/** The message as it goes on the wire. Sets Content-Length when it is missing or wrong. */
export function encodeMessage(message: SipMessage): Buffer {
  settleContentLength(message)
  const head = encodeHead(message)
  const bytes = Buffer.allocUnsafe(head.length + message.body.length)
  bytes.write(head, 0, 'latin1')
  bytes.set(message.body, head.length)
  return bytes
}
