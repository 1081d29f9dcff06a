import { type Delivery, decodeDelivery, encodeDelivery } from '@gatehouse/delivery'
import type { EdgeSide, EvidenceClass } from '@gatehouse/im-model'
import { formatTraceparent, parseTraceparent } from '@gatehouse/telemetry'

/** Where a message came from: what deciding on it again needs beside the message. */
export interface Origin {
  readonly side: EdgeSide
  /** Protocol of the connector that took it in, and what it said of its sender; undefined: it came by SIP from inside. */
  readonly bridge?: { readonly protocol: string; readonly evidence: EvidenceClass } | undefined
  /** The word of the protocol. */
  readonly method: string
}

/** A message that waits. */
export interface WaitingMessage {
  readonly kind: 'message'
  readonly delivery: Delivery
  readonly origin: Origin
}

/** Something of ours that a sender is to be told. */
export interface WaitingWord {
  readonly kind: 'word'
  readonly delivery: Delivery
}

export type Waiting = WaitingMessage | WaitingWord

/** Length of a JSON head, the head, then the delivery as it goes over the bus. */
export function encodeWaiting(waiting: Waiting): Uint8Array {
  const { trace } = waiting.delivery
  const traceparent = trace === undefined ? undefined : formatTraceparent(trace)
  const fields = waiting.kind === 'message' ? { kind: 'message', origin: waiting.origin, traceparent } : { kind: 'word' }
  const head = Buffer.from(JSON.stringify(fields))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(head.byteLength)
  return Buffer.concat([length, head, encodeDelivery(waiting.delivery)])
}

/** Undefined for bytes that this version did not write. Never throws. */
export function decodeWaiting(payload: Uint8Array): Waiting | undefined {
  try {
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
    const headEnd = 4 + bytes.readUInt32BE(0)
    const head = JSON.parse(bytes.toString('utf8', 4, headEnd)) as { kind?: unknown; origin?: unknown; traceparent?: unknown }
    const delivery = decodeDelivery(bytes.subarray(headEnd))
    if (delivery === undefined) return undefined
    if (head.kind === 'word') return { kind: 'word', delivery }
    const origin = originOf(head.origin)
    if (head.kind !== 'message' || origin === undefined) return undefined
    const trace = typeof head.traceparent === 'string' ? parseTraceparent(head.traceparent) : undefined
    return { kind: 'message', delivery: trace === undefined ? delivery : { ...delivery, trace }, origin }
  } catch {
    return undefined
  }
}

function originOf(read: unknown): Origin | undefined {
  const origin = read as Origin | null | undefined
  if (origin?.side !== 'internal' && origin?.side !== 'external') return undefined
  return typeof origin.method === 'string' ? origin : undefined
}
