import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import type { DeliveryOutcome, Envelope, ImAddress, QueueRule } from '@gatehouse/im-model'
import { parseAddress } from '@gatehouse/im-model'
import { DeliverReplySchema, type DeliverRequest, DeliverRequestSchema, type DeliveryMark, type DeliveryMarkSchema } from '@gatehouse/proto'
import { contentFromMessage, contentToMessage } from './content-message.ts'
import type { Delivery } from './delivery.ts'
import { destinationFromMessage, destinationToMessage } from './destination-message.ts'
import { oneOf } from './one-of.ts'

const ENVELOPE_ID_BYTES = 16
const MAX_TIMEOUT_MS = 300_000

export function encodeDelivery({ envelope, destination, decision, timeoutMs, forwardedBy, waited }: Delivery): Uint8Array {
  return toBinary(
    DeliverRequestSchema,
    create(DeliverRequestSchema, {
      id: envelope.id,
      receivedAtMs: BigInt(Math.trunc(envelope.receivedAtMs)),
      fromAddress: textOf(envelope.from),
      toAddress: textOf(envelope.to),
      conversation: envelope.conversation,
      content: contentToMessage(envelope.content),
      destination: destinationToMessage(destination),
      decision: markToMessage(decision),
      timeoutMs,
      forwardedBy,
      waited: waited === true,
    }),
  )
}

/** Undefined when the bytes are no delivery that this version understands. Never throws. */
export function decodeDelivery(data: Uint8Array): Delivery | undefined {
  try {
    return deliveryOf(fromBinary(DeliverRequestSchema, data))
  } catch {
    return undefined
  }
}

function deliveryOf(message: DeliverRequest): Delivery | undefined {
  const envelope = envelopeOf(message)
  const destination = destinationFromMessage(message.destination)
  const { decision } = message
  if (envelope === undefined || destination === undefined || decision === undefined) return undefined
  const mark = oneOf(decision.mark, ['verified', 'unverified'])
  const evidence = oneOf(decision.evidence, ['V0', 'V1', 'V2', 'V3'])
  const direction = oneOf(decision.direction, ['inbound', 'outbound', 'transit'])
  const peerClass = oneOf(decision.peerClass, ['direct', 'allowed', 'discovered', 'clearinghouse', 'provider', 'bridge', 'inside'])
  if (mark === undefined || evidence === undefined || direction === undefined || peerClass === undefined) return undefined
  return {
    envelope,
    destination,
    decision: {
      mark,
      evidence,
      direction,
      peerClass,
      partner: decision.partner,
      revision: Number(decision.revision),
      ...(decision.queueMaxAgeMs === 0n ? {} : { queue: queueOf(decision) }),
      ...(decision.onRecord ? { isOnRecord: true } : {}),
    },
    timeoutMs: Math.min(message.timeoutMs, MAX_TIMEOUT_MS),
    forwardedBy: message.forwardedBy,
    ...(message.waited ? { waited: true } : {}),
  }
}

function markToMessage({ queue, revision, isOnRecord, ...mark }: Delivery['decision']): MessageInitShape<typeof DeliveryMarkSchema> {
  const waiting = queue === undefined ? {} : { queueMaxAgeMs: BigInt(queue.maxAgeMs), queueUncertain: queue.uncertain }
  return { ...mark, ...waiting, revision: BigInt(revision), onRecord: isOnRecord === true }
}

function queueOf(mark: DeliveryMark): QueueRule {
  return { maxAgeMs: Number(mark.queueMaxAgeMs), uncertain: mark.queueUncertain === 'retry' ? 'retry' : 'fail' }
}

function envelopeOf(message: DeliverRequest): Envelope | undefined {
  const from = parseAddress(message.fromAddress)
  const to = parseAddress(message.toAddress)
  const content = contentFromMessage(message.content)
  if (message.id.byteLength !== ENVELOPE_ID_BYTES || from === undefined || to === undefined || content === undefined) return undefined
  if (message.conversation === '') return undefined
  return { id: message.id, receivedAtMs: Number(message.receivedAtMs), from, to, conversation: message.conversation, content }
}

export function encodeOutcome(outcome: DeliveryOutcome): Uint8Array {
  const { status, code, detail, isCertain, retry, sipStatus, remoteId } = outcome
  return toBinary(DeliverReplySchema, create(DeliverReplySchema, { status, code, detail, certain: isCertain, retry, sipStatus, remoteId }))
}

/** Undefined when the bytes are no outcome. Never throws. */
export function decodeOutcome(data: Uint8Array): DeliveryOutcome | undefined {
  try {
    const message = fromBinary(DeliverReplySchema, data)
    const status = oneOf(message.status, ['delivered', 'sent', 'queued', 'failed'])
    const retry = oneOf(message.retry, ['never', 'later', 'elsewhere'])
    if (status === undefined || retry === undefined) return undefined
    const { code, detail, certain, sipStatus, remoteId } = message
    return { status, code, detail, isCertain: certain, retry, sipStatus, remoteId }
  } catch {
    return undefined
  }
}

function textOf(address: ImAddress): string {
  return `${address.user}@${address.domain}`
}
