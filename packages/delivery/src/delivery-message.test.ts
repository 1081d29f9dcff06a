import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Destination, ImContent } from '@gatehouse/im-model'
import fc from 'fast-check'
import type { Delivery } from './delivery.ts'
import { decodeDelivery, decodeOutcome, encodeDelivery, encodeOutcome } from './delivery-message.ts'
import { deliveryCodes } from './errors.ts'
import { deliveredOutcome, failedOutcome, queuedOutcome, sentOutcome } from './outcomes.ts'

const contents: readonly ImContent[] = [
  { kind: 'message', messageId: 'm1', text: 'hello' },
  {
    kind: 'message',
    messageId: '',
    text: 'see the file',
    html: '<p>see the file</p>',
    subject: 'plans',
    language: 'de-CH',
    replaces: 'm0',
    files: [{ url: 'https://files.fabrikam.example/a.pdf', name: 'a.pdf', mediaType: 'application/pdf', bytes: undefined }],
    wants: ['delivered', 'displayed', 'failed'],
  },
  { kind: 'typing', state: 'composing', refreshS: 60 },
  { kind: 'typing', state: 'paused' },
  { kind: 'receipt', of: 'm1', state: 'failed', code: 'GH-DELIVERY-TIMEOUT' },
  { kind: 'receipt', of: 'm1', state: 'error', code: 'GH-OUTBOX-UNCERTAIN', acceptedAtMs: 1_700_000_000_000 },
  { kind: 'presence', type: 'available', show: 'dnd', note: 'in a meeting' },
  { kind: 'presence', type: 'subscribe' },
  { kind: 'session', state: 'closed' },
]
const destinations: readonly Destination[] = [
  { to: 'inside', domain: 'contoso.example' },
  { to: 'inside', domain: 'contoso.example', port: 'xmpp' },
  { to: 'network', domain: 'fabrikam.example', network: 'jabber', protocol: 'xmpp' },
  {
    to: 'peer',
    peerClass: 'direct',
    partner: 'fabrikam',
    domain: 'fabrikam.example',
    edgeHost: undefined,
    edgePort: 5061,
    links: 2,
    trust: ['partners'],
    pins: ['pin'],
    dialect: 'standard',
  },
]

function delivery(content: ImContent, destination: Destination): Delivery {
  return {
    envelope: {
      id: new Uint8Array(16).fill(7),
      receivedAtMs: 1_700_000_000_000,
      from: { user: 'Alice', domain: 'contoso.example' },
      to: { user: 'bob', domain: 'fabrikam.example' },
      conversation: 'thread-1',
      content,
    },
    destination,
    decision: { mark: 'verified', evidence: 'V3', direction: 'outbound', peerClass: 'bridge', partner: 'jabber', revision: 12 },
    timeoutMs: 5000,
    forwardedBy: '',
  }
}

describe('delivery over the bus', () => {
  it('carries every content and destination unchanged', () => {
    for (const content of contents) {
      for (const destination of destinations) {
        const sent = delivery(content, destination)
        const { envelope, ...rest } = decodeDelivery(encodeDelivery(sent)) as Delivery
        assert.deepEqual({ envelope: { ...envelope, id: new Uint8Array(envelope.id) }, ...rest }, sent)
      }
    }
  })

  it('carries what an outbox needs to know', () => {
    const sent = delivery(contents[0] as ImContent, destinations[2] as Destination)
    const decision = { ...sent.decision, queue: { maxAgeMs: 60_000, uncertain: 'retry' }, isOnRecord: true } as const
    const { decision: read, waited } = decodeDelivery(encodeDelivery({ ...sent, decision, waited: true })) as Delivery
    assert.deepEqual([read, waited], [decision, true])
  })

  it('carries every outcome unchanged', () => {
    const outcomes = [
      deliveredOutcome('r1'),
      sentOutcome(),
      queuedOutcome(),
      failedOutcome(deliveryCodes, 'GH-DELIVERY-TIMEOUT', 'x', { isCertain: false }),
    ]
    for (const outcome of outcomes) assert.deepEqual(decodeOutcome(encodeOutcome(outcome)), outcome)
  })

  it('takes no bytes for a delivery that are none, and throws at none', () => {
    const good = encodeDelivery(delivery(contents[1] as ImContent, destinations[3] as Destination))
    for (let cut = 0; cut < good.length; cut++) decodeDelivery(good.subarray(0, cut))
    assert.equal(decodeDelivery(new Uint8Array()), undefined)
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const bad = Uint8Array.from(good)
        bad[at] = byte
        decodeDelivery(bad)
        decodeOutcome(bad)
      }),
    )
  })

  it('refuses words it does not know', () => {
    const odd = delivery({ kind: 'typing', state: 'humming' } as unknown as ImContent, destinations[0] as Destination)
    assert.equal(decodeDelivery(encodeDelivery(odd)), undefined)
  })
})
