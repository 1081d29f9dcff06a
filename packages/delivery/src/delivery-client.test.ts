import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createEmbeddedBus, deliverSubject } from '@gatehouse/bus'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import type { Delivery } from './delivery.ts'
import { DeliveryClient } from './delivery-client.ts'
import { deliveredOutcome } from './outcomes.ts'
import { serveDeliveries } from './serve-deliveries.ts'

const delivery: Delivery = {
  envelope: {
    id: new Uint8Array(16).fill(1),
    receivedAtMs: 0,
    from: { user: 'alice', domain: 'contoso.example' },
    to: { user: 'bob', domain: 'fabrikam.example' },
    conversation: 'c1',
    content: { kind: 'message', messageId: 'm1', text: 'hello' },
  },
  destination: { to: 'network', network: 'jabber', protocol: 'xmpp', domain: 'fabrikam.example' },
  decision: { mark: 'verified', evidence: 'V3', direction: 'outbound', peerClass: 'bridge', partner: 'jabber', revision: 1 },
  timeoutMs: 1000,
  forwardedBy: '',
}

function deliver(client: DeliveryClient): Promise<DeliveryOutcome> {
  return new Promise((resolve) => client.deliver(delivery, resolve))
}

describe('DeliveryClient and serveDeliveries', () => {
  it('bring back what the handler says', async () => {
    const bus = createEmbeddedBus()
    await serveDeliveries(bus, deliverSubject('xmpp'), 'deliver', async ({ envelope }) => deliveredOutcome(envelope.conversation))
    assert.deepEqual(await deliver(new DeliveryClient(bus)), deliveredOutcome('c1'))
    await bus.close(0)
  })

  it('say with certainty that nobody is there', async () => {
    const bus = createEmbeddedBus()
    const outcome = await deliver(new DeliveryClient(bus))
    assert.deepEqual([outcome.status, outcome.code, outcome.isCertain], ['failed', 'GH-DELIVERY-NOBODY', true])
    await bus.close(0)
  })

  it('say that a handler that threw may have delivered', async () => {
    const bus = createEmbeddedBus()
    await serveDeliveries(bus, deliverSubject('xmpp'), 'deliver', () => Promise.reject(new Error('broken')))
    const outcome = await deliver(new DeliveryClient(bus))
    assert.deepEqual([outcome.code, outcome.isCertain, outcome.detail.endsWith('broken')], ['GH-DELIVERY-FAULT', false, true])
    await bus.close(0)
  })
})
