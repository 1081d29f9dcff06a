import { randomBytes } from 'node:crypto'
import { type Bus, deliverSubject } from '@gatehouse/bus'
import { type Delivery, DeliveryClient, deliveredOutcome, failedOutcome, serveDeliveries } from '@gatehouse/delivery'
import type { DeliveryOutcome, ImContent } from '@gatehouse/im-model'

const codes = {
  'GH-DOUBLE-UNKNOWN': { summary: 'The double knows no such person.', remedy: 'Write to somebody else.', retry: 'never', sip: 404 },
  'GH-DOUBLE-AWAY': { summary: 'The network is away.', remedy: 'Try later.', retry: 'later', sip: 503 },
} as const
const CONTOSO = 'contoso.example'

/**
 * A network in the place of the bridge and what lies behind it: answers `deliver.xmpp`. Whoever is written to types, answers with the same
 * words and says what was wanted of receipts; `nobody` does not exist and the network is away for `away`.
 */
export async function serveNetworkDouble(bus: Bus): Promise<void> {
  const client = new DeliveryClient(bus)
  const back = (delivery: Delivery, content: ImContent): Promise<DeliveryOutcome> =>
    new Promise((resolve) => {
      const { from, to, conversation } = delivery.envelope
      client.deliver(
        {
          envelope: { id: randomBytes(16), receivedAtMs: Date.now(), from: to, to: from, conversation, content },
          destination: { to: 'inside', domain: CONTOSO },
          decision: { ...delivery.decision, mark: 'verified', direction: 'inbound' },
          timeoutMs: 10_000,
          forwardedBy: '',
        },
        resolve,
      )
    })
  await serveDeliveries(bus, deliverSubject('xmpp'), 'deliver', async (delivery) => {
    const { to, content } = delivery.envelope
    if (to.user === 'nobody') return failedOutcome(codes, 'GH-DOUBLE-UNKNOWN')
    if (to.user === 'away') return failedOutcome(codes, 'GH-DOUBLE-AWAY')
    void answer(content, (event) => back(delivery, event))
    return deliveredOutcome()
  })
}

async function answer(content: ImContent, say: (content: ImContent) => Promise<DeliveryOutcome>): Promise<void> {
  if (content.kind === 'message') {
    for (const state of content.wants ?? []) await say({ kind: 'receipt', of: content.messageId, state, code: '' })
    await say({ kind: 'typing', state: 'composing' })
    await say({ kind: 'message', messageId: 'd1', text: `you said: ${content.text}`, wants: ['delivered'] })
  } else if (content.kind === 'presence' && content.type === 'subscribe') {
    await say({ kind: 'presence', type: 'subscribed' })
    await say({ kind: 'presence', type: 'available', show: 'away', note: 'at lunch' })
    await say({ kind: 'presence', type: 'subscribe' })
  } else if (content.kind === 'presence' && content.type === 'available') {
    await say({ kind: 'message', messageId: '', text: `seen: ${content.show ?? 'here'}` })
  } else if (content.kind === 'presence' && content.type === 'unavailable') {
    await say({ kind: 'message', messageId: '', text: 'seen: gone' })
  } else if (content.kind === 'typing') await say({ kind: 'message', messageId: '', text: `typing: ${content.state}` })
  else if (content.kind === 'receipt') await say({ kind: 'message', messageId: '', text: `receipt: ${content.state} ${content.of}` })
  else if (content.kind === 'session') await say({ kind: 'message', messageId: '', text: `session: ${content.state}` })
}
