import type { DeliveryOutcome, ImContent } from '@gatehouse/im-model'
import type { Handover } from '../handover.ts'
import type { OpenedConnector } from './conformance.ts'

/** How long a handover of the suite may take; long, because the machine that runs it may be busy. */
const PATIENCE_MS = 20_000

let ids = 0

/** A handover from the user to the stranger, as the core would make it. */
export function handoverOf<Content extends ImContent>(opened: OpenedConnector, content: Content): Handover<Content> {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(12, ++ids)
  const nowMs = opened.context.clock.nowMs()
  return {
    envelope: { id, receivedAtMs: nowMs, from: opened.user, to: opened.stranger, conversation: 'c1', content },
    side: 'external',
    account: opened.account,
    mark: 'verified',
    evidence: 'V3',
    deadlineMs: nowMs + PATIENCE_MS,
  }
}

export function sendText(opened: OpenedConnector, text: string): Promise<DeliveryOutcome> {
  return opened.connector.send(handoverOf(opened, { kind: 'message', messageId: `m${ids + 1}`, text }))
}
