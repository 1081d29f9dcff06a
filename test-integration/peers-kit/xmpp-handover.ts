import type { Handover } from '@gatehouse/bridge-kit'
import { type ImContent, parseAddress } from '@gatehouse/im-model'

/** How long a handover of the tests may take; long, because the machine may be busy. */
const PATIENCE_MS = 30_000

let ids = 0

/** What the core of the bridge hands to the XMPP connector: from alice@contoso.example, unless the test says otherwise. */
export function toXmpp<Content extends ImContent>(
  to: string,
  content: Content,
  options: { readonly from?: string; readonly side?: 'internal' } = {},
): Handover<Content> {
  ids += 1
  const id = Buffer.alloc(16)
  id.writeUInt32BE(ids, 12)
  const nowMs = Date.now()
  const from = parseAddress(options.from ?? 'alice@contoso.example')
  const recipient = parseAddress(to)
  if (from === undefined || recipient === undefined) throw new Error(`no address: ${to}`)
  return {
    envelope: { id, receivedAtMs: nowMs, from, to: recipient, conversation: 'thread-1', content },
    side: options.side ?? 'external',
    account: undefined,
    mark: 'verified',
    evidence: 'V3',
    deadlineMs: nowMs + PATIENCE_MS,
  }
}
