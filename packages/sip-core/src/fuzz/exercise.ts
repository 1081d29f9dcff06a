import { Buffer } from 'node:buffer'
import type { Frame } from '../framing/frame.ts'
import { SipStreamFramer } from '../framing/sip-stream-framer.ts'
import { checkMessage } from '../message/check-message.ts'
import { createResponse } from '../message/create-response.ts'
import { encodeMessage } from '../message/encode-message.ts'
import type { SipMessage } from '../message/sip-message.ts'
import type { SipRequest } from '../message/sip-request.ts'

/** Small, so that mutations meet the limits. */
const LIMITS = { maxHeadBytes: 8192, maxHeaderLines: 64, maxBodyBytes: 4096 }

/** One line per frame: what two different cuts of the same bytes must agree on. */
export function frameSummary(chunks: Iterable<Uint8Array>): string[] {
  const framer = new SipStreamFramer(LIMITS)
  const lines: string[] = []
  for (const chunk of chunks) {
    framer.handleData(chunk)
    for (let frame = framer.takeFrame(); frame !== undefined; frame = framer.takeFrame()) lines.push(describe(frame))
    if (framer.bufferedBytes > LIMITS.maxHeadBytes + LIMITS.maxBodyBytes) throw new Error(`${framer.bufferedBytes} bytes kept`)
  }
  lines.push(framer.isMidMessage ? `unfinished ${framer.bufferedBytes}` : 'clean')
  return lines
}

function describe(frame: Frame): string {
  if (frame.kind === 'keepalive') return 'keepalive'
  const bytes = frame.message === undefined ? '' : rawOf(frame.message)
  return frame.kind === 'message' ? `message ${bytes}` : `${frame.kind} ${frame.defect.code} ${frame.defect.detail} ${bytes}`
}

/** Everything that is kept of a message, without the repairs that encoding makes. */
function rawOf(message: SipMessage): string {
  return message.startLine + message.headers.lines.map((line) => line.raw).join('') + Buffer.from(message.body).toString('latin1')
}

/**
 * Puts bytes through everything a received message goes through and checks what must always hold; throws when it does
 * not. Gives the number of well-formed messages met.
 */
export function exercise(bytes: Buffer): number {
  const framer = new SipStreamFramer(LIMITS)
  framer.handleData(bytes)
  let wellFormed = 0
  for (let frame = framer.takeFrame(); frame !== undefined; frame = framer.takeFrame()) {
    if (frame.kind === 'keepalive' || frame.message === undefined) continue
    const { message } = frame
    readEverything(message)
    if (message.isRequest) createResponse(message, 400, undefined, { toTag: 'fuzz' })
    if (frame.kind !== 'message') continue
    expectSameBytes(bytes, message)
    if (checkMessage(message) !== undefined) continue
    wellFormed++
    if (message.isRequest) expectGoodAnswerAndForward(message)
  }
  return wellFormed
}

function readEverything(message: SipMessage): void {
  for (const name of message.headers.names()) {
    message.headers.first(name)
    message.headers.values(name)
  }
  message.topVia()?.params.has('branch')
  message.topVia()?.rport?.toString()
  for (const address of [message.from(), message.to(), ...message.routes(), ...message.recordRoutes(), ...message.contacts()]) {
    address?.displayName?.trim()
    address?.params.has('tag')
    address?.sipUri?.params.has('lr')
  }
  message.assertedIdentities()
  message.cseq()
  message.maxForwards()
  message.contentType()?.params.has('charset')
  if (message.isRequest) message.requestSipUri()?.params.has('maddr')
}

/** What nobody edited goes out as it came in. */
function expectSameBytes(bytes: Buffer, message: SipMessage): void {
  if (!bytes.includes(encodeMessage(message))) throw new Error('an untouched message changed')
}

/** The answer to a well-formed request and the forwarded request are one well-formed message each. */
function expectGoodAnswerAndForward(request: SipRequest): void {
  expectOneGoodMessage(encodeMessage(createResponse(request, 200, 'OK', { toTag: 'fuzz' })), 'answer')
  const copy = request.copy()
  copy.headers.prepend('Via', 'SIP/2.0/TLS edge.example.org;branch=z9hG4bKfuzz')
  copy.headers.set('Max-Forwards', '69')
  copy.headers.removeFirstValue('Route')
  copy.headers.replaceFirstValue('To', request.headers.first('To')!)
  expectOneGoodMessage(encodeMessage(copy), 'forwarded request')
  copy.headers.removeFirstValue('Via')
  if (copy.headers.values('Via').join() !== request.headers.values('Via').join()) throw new Error('taking our Via off changed the others')
}

function expectOneGoodMessage(bytes: Buffer, what: string): void {
  const framer = new SipStreamFramer({ maxHeadBytes: 2 * LIMITS.maxHeadBytes })
  framer.handleData(bytes)
  const frame = framer.takeFrame()
  if (frame?.kind !== 'message') throw new Error(`${what}: ${frame === undefined ? 'unfinished' : JSON.stringify(frame)}`)
  const defect = checkMessage(frame.message)
  if (defect !== undefined) throw new Error(`${what}: ${defect.code} ${defect.detail}`)
  if (framer.takeFrame() !== undefined || framer.isMidMessage) throw new Error(`${what}: more than one message`)
}
