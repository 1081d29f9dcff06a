import { type Delivery, decodeDelivery, encodeDelivery } from '@gatehouse/delivery'
import type { EdgeSide, PeerIdentity } from '@gatehouse/im-model'
import { encodeMessage, SipRequest, SipStreamFramer } from '@gatehouse/sip-core'
import { formatTraceparent, parseTraceparent, type TraceContext } from '@gatehouse/telemetry'
import { carriedContent, replaceContent } from '../admit/carried-content.ts'
import type { RemoteEndpoint } from '../edge/connection.ts'
import type { Passage } from '../session/passage.ts'

/** A request that waits, with what is needed to decide on it again. */
export interface WaitingRequest {
  readonly kind: 'request'
  readonly request: SipRequest
  readonly side: EdgeSide
  readonly peer: PeerIdentity
  readonly remote: RemoteEndpoint
  readonly bound: Passage['bound']
  /** Undefined: not on record. */
  readonly envelopeId: Uint8Array | undefined
  /** Of a message that is followed: it is still that message when it goes on. */
  readonly trace: TraceContext | undefined
}

/** Something of ours that a sender is to be told. */
export interface WaitingNotice {
  readonly kind: 'notice'
  readonly delivery: Delivery
  /** Id of the message, where its sender asked for word of its failure (RFC 5438); empty: it did not. */
  readonly receiptOf: string
  readonly receiptState: 'failed' | 'error'
}

export type Waiting = WaitingRequest | WaitingNotice

/** The request as it is to go on, without what lies behind it: the way back ends here, for its sender has its answer. */
export function waitingOf(passage: Passage): WaitingRequest {
  const request = passage.request.copy()
  const before = carriedContent(request)
  const { rewrite } = passage.decision ?? {}
  if (rewrite !== undefined && before !== undefined) replaceContent(request, before, rewrite)
  request.headers.remove('Via')
  const { side, peer, bound, envelopeId, connection } = passage
  return { kind: 'request', request, side, peer, bound, envelopeId, remote: connection.remote, trace: passage.trace?.stage.context }
}

/** Length of a JSON head, the head, then the request or delivery as it goes on the wire. */
export function encodeWaiting(waiting: Waiting): Uint8Array {
  if (waiting.kind === 'notice') {
    const { kind, receiptOf, receiptState } = waiting
    return join({ kind, receiptOf, receiptState }, encodeDelivery(waiting.delivery))
  }
  const { kind, request, side, peer, remote, bound, envelopeId, trace } = waiting
  const traceparent = trace === undefined ? undefined : formatTraceparent(trace)
  const id = envelopeId === undefined ? undefined : Buffer.from(envelopeId).toString('hex')
  return join({ kind, side, peer, remote, bound, envelopeId: id, traceparent }, encodeMessage(request))
}

/** Undefined for bytes that this version did not write. Never throws. */
export function decodeWaiting(payload: Uint8Array): Waiting | undefined {
  try {
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
    const headEnd = 4 + bytes.readUInt32BE(0)
    const head = JSON.parse(bytes.toString('utf8', 4, headEnd)) as Record<string, unknown>
    const rest = bytes.subarray(headEnd)
    return head['kind'] === 'notice' ? noticeOf(head, rest) : requestOf(head, rest)
  } catch {
    return undefined
  }
}

function noticeOf(head: Record<string, unknown>, rest: Buffer): WaitingNotice | undefined {
  const delivery = decodeDelivery(rest)
  if (delivery === undefined) return undefined
  const { receiptOf } = head
  const receiptState = head['receiptState'] === 'error' ? 'error' : 'failed'
  return { kind: 'notice', delivery, receiptOf: typeof receiptOf === 'string' ? receiptOf : '', receiptState }
}

function requestOf(head: Record<string, unknown>, rest: Buffer): WaitingRequest | undefined {
  const framer = new SipStreamFramer()
  framer.handleData(rest)
  const frame = framer.takeFrame()
  if (frame?.kind !== 'message' || !(frame.message instanceof SipRequest)) return undefined
  const { side, peer, remote, bound, envelopeId } = head as unknown as Omit<WaitingRequest, 'envelopeId'> & { envelopeId?: string }
  return {
    kind: 'request',
    request: frame.message,
    side,
    peer,
    remote,
    bound,
    envelopeId: envelopeId === undefined ? undefined : Buffer.from(envelopeId, 'hex'),
    trace: typeof head['traceparent'] === 'string' ? parseTraceparent(head['traceparent']) : undefined,
  }
}

function join(head: object, rest: Uint8Array): Uint8Array {
  const text = Buffer.from(JSON.stringify(head))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.byteLength)
  return Buffer.concat([length, text, rest])
}
