import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { OutboxItemSchema } from '@gatehouse/proto'

/** A message that waits. */
export interface OutboxItem {
  /** Hex of the id of the archive's record; the same message is taken once. */
  readonly id: string
  /** What is away together: the edge of a partner, the inside, a network. */
  readonly destination: string
  /** Order is kept within it. */
  readonly conversation: string
  /** `user@domain`, for lists. */
  readonly from: string
  readonly to: string
  readonly acceptedAtMs: number
  readonly expiresAtMs: number
  /** After an attempt of which nobody knows whether it arrived. */
  readonly uncertain: 'retry' | 'fail'
  /** What the port needs to deliver it. */
  readonly payload: Uint8Array
}

export function encodeItem(item: OutboxItem): Uint8Array {
  return toBinary(
    OutboxItemSchema,
    create(OutboxItemSchema, {
      id: item.id,
      fromAddress: item.from,
      toAddress: item.to,
      acceptedAtMs: BigInt(Math.trunc(item.acceptedAtMs)),
      expiresAtMs: BigInt(Math.trunc(item.expiresAtMs)),
      uncertain: item.uncertain,
      payload: item.payload,
    }),
  )
}

/** Undefined for bytes that are no item. */
export function decodeItem(work: { readonly lane: string; readonly key: string; readonly data: Uint8Array }): OutboxItem | undefined {
  try {
    const read = fromBinary(OutboxItemSchema, work.data)
    if (read.id === '') return undefined
    return {
      id: read.id,
      destination: work.lane,
      conversation: work.key,
      from: read.fromAddress,
      to: read.toAddress,
      acceptedAtMs: Number(read.acceptedAtMs),
      expiresAtMs: Number(read.expiresAtMs),
      uncertain: read.uncertain === 'retry' ? 'retry' : 'fail',
      payload: read.payload,
    }
  } catch {
    return undefined
  }
}
