import type { DeliveryMark } from '@gatehouse/delivery'
import type { Decision, Envelope, ImAddress, ImContent } from '@gatehouse/im-model'
import { decodeHeaderText } from '@gatehouse/sip-core'
import type { Passage } from '../session/passage.ts'

/** The envelope of a request that was admitted. `id`: that of its record, where it has one. */
export function envelopeOf(passage: Passage, content: ImContent, id: Uint8Array): Envelope {
  return {
    id,
    receivedAtMs: passage.nowMs,
    ...partiesOf(passage),
    conversation: passage.callId,
    content,
  }
}

/** Who wrote to whom, in Unicode. */
export function partiesOf(passage: Passage): { readonly from: ImAddress; readonly to: ImAddress } {
  return {
    from: { user: decodeHeaderText(passage.fromUser), domain: passage.fromDomain },
    to: { user: decodeHeaderText(passage.toUser), domain: passage.toDomain },
  }
}

export function markOf(decision: Decision): DeliveryMark {
  const { mark, evidence, direction, peerClass, partner, revision, queue } = decision
  return { mark, evidence, direction, peerClass, partner, revision, ...(queue === undefined ? {} : { queue }) }
}
