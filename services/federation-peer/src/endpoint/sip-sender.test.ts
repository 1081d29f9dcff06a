import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Delivery } from '@gatehouse/delivery'
import type { DeliveryOutcome, Destination, ImContent } from '@gatehouse/im-model'
import { createResponse, encodeMessage } from '@gatehouse/sip-core'
import { GateRig } from '../session/gate-rig.ts'
import { readCpim } from './content/cpim.ts'
import { IMDN, readImdn } from './content/imdn.ts'
import { readContent } from './read-content.ts'

const INSIDE: Destination = { to: 'inside', domain: 'contoso.example' }
const PARTNER: Destination = {
  to: 'peer',
  peerClass: 'direct',
  partner: 'fabrikam',
  domain: 'fabrikam.example',
  edgeHost: 'sip.fabrikam.example',
  edgePort: 5061,
  links: 1,
  trust: [],
  pins: [],
  dialect: 'standard',
}

function delivery(content: ImContent, destination: Destination = INSIDE): Delivery {
  return {
    envelope: {
      id: new Uint8Array(16),
      receivedAtMs: 0,
      from: { user: 'zoë', domain: 'jabber.example' },
      to: { user: 'alice', domain: 'contoso.example' },
      conversation: 'thread 1',
      content,
    },
    destination,
    decision: { mark: 'unverified', evidence: 'V0', direction: 'inbound', peerClass: 'bridge', partner: 'jabber', revision: 1 },
    timeoutMs: 10_000,
    forwardedBy: '',
  }
}

/** Sends it, answers with each status in turn, and gives the requests and the outcome. */
function deliver(rig: GateRig, sent: Delivery, ...statuses: number[]): { outcomes: DeliveryOutcome[]; link: GateRig['inside'] } {
  const outcomes: DeliveryOutcome[] = []
  const link = sent.destination.to === 'inside' ? rig.inside : rig.partnerLink
  rig.endpoint.deliver(sent, (outcome) => outcomes.push(outcome))
  for (const status of statuses) {
    const request = link.requests().at(-1) ?? assert.fail('nothing was sent')
    link.receive(encodeMessage(createResponse(request, status, undefined, { toTag: 'b' })))
  }
  return { outcomes, link }
}

describe('page mode to the inside (RFC 3428, RFC 7572)', () => {
  it('carries text, from the address that policy knows, with the mark, and gives the final answer back', () => {
    const rig = new GateRig()
    const { outcomes, link } = deliver(rig, delivery({ kind: 'message', messageId: 'm1', text: 'Grüße', subject: 'Plän' }), 200)
    const [request] = link.requests()
    assert.ok(request)
    assert.equal(request.requestUri, 'sip:alice@contoso.example')
    assert.equal(request.from()?.uri, 'sip:zo%C3%AB@jabber.example')
    assert.equal(request.headers.first('Contact'), undefined, 'RFC 3428 §4: no Contact')
    assert.equal(Buffer.from(request.headers.first('Subject') ?? '', 'latin1').toString(), 'Plän')
    assert.equal(
      request.headers.first('ms-edge-proxy-message-trust'),
      'ms-source-type=AuthorizedServer;ms-ep-fqdn=sip.contoso.example;ms-source-verified-user=unverified;ms-source-network=publiccloud;ms-remote-fqdn=jabber.example',
    )
    assert.deepEqual(readContent(request, undefined), { kind: 'message', messageId: '', text: 'Grüße', subject: 'Plän' })
    assert.deepEqual(
      outcomes.map((outcome) => [outcome.status, outcome.sipStatus]),
      [['delivered', 200]],
    )
  })

  it('says the language of a text (RFC 7572 §8)', () => {
    const rig = new GateRig()
    const { link } = deliver(rig, delivery({ kind: 'message', messageId: 'm1', text: 'Grüezi', language: 'de-CH' }), 200)
    const [request] = link.requests()
    assert.equal(request?.headers.first('Content-Language'), 'de-CH')
    assert.deepEqual(request && readContent(request, undefined), { kind: 'message', messageId: '', text: 'Grüezi', language: 'de-CH' })
  })

  it('says files as links, a correction as a new message, and leaves mark-up out', () => {
    const html = '<b>see</b>'
    const file = { url: 'https://files.jabber.example/a.pdf', name: 'a.pdf', mediaType: 'application/pdf', bytes: 12 }
    const { link } = deliver(
      new GateRig(),
      delivery({ kind: 'message', messageId: 'm2', text: 'see', html, replaces: 'm1', files: [file] }),
      200,
    )
    assert.equal(Buffer.from(link.requests()[0]?.body ?? []).toString(), 'see\nhttps://files.jabber.example/a.pdf')
  })

  it('says typing as RFC 3994 does', () => {
    const { link, outcomes } = deliver(new GateRig(), delivery({ kind: 'typing', state: 'composing', refreshS: 60 }), 200)
    const [request] = link.requests()
    assert.deepEqual(request && readContent(request, undefined), { kind: 'typing', state: 'composing', refreshS: 60 })
    assert.equal(outcomes[0]?.status, 'delivered')
  })

  it('keeps the thread in the Call-ID, hashed where it could not stand there', () => {
    const rig = new GateRig()
    const plain = delivery({ kind: 'message', messageId: '', text: 'x' })
    deliver(rig, { ...plain, envelope: { ...plain.envelope, conversation: 'a84b4c76e66710@pc33.contoso.example' } }, 200)
    deliver(rig, plain, 200)
    deliver(rig, plain, 200)
    const [first, second, third] = rig.inside.requests().map((request) => request.callId())
    assert.equal(first, 'a84b4c76e66710@pc33.contoso.example')
    assert.match(second ?? '', /^[\w-]{32}@gate\.contoso\.example$/)
    assert.equal(third, second)
  })

  for (const [status, code, word, isCertain] of [
    [202, '', 'sent', true],
    [302, 'GH-PEER-SIP-FAILED', 'failed', true],
    [403, 'GH-PEER-SIP-REFUSED', 'failed', true],
    [404, 'GH-PEER-SIP-UNKNOWN', 'failed', true],
    [408, 'GH-PEER-NO-ANSWER', 'failed', false],
    [480, 'GH-PEER-SIP-AWAY', 'failed', true],
    [486, 'GH-PEER-SIP-AWAY', 'failed', true],
    [503, 'GH-PEER-SIP-FAILED', 'failed', true],
    [504, 'GH-PEER-NO-ANSWER', 'failed', false],
    [603, 'GH-PEER-SIP-REFUSED', 'failed', true],
  ] as const) {
    it(`takes ${status} for ${word} ${code}`, () => {
      const { outcomes } = deliver(new GateRig(), delivery({ kind: 'message', messageId: '', text: 'x' }), status)
      const [outcome] = outcomes
      assert.deepEqual([outcome?.status, outcome?.code, outcome?.isCertain], [word, code, isCertain])
      if (word === 'failed') assert.equal(outcome?.sipStatus, status)
    })
  }

  it('is uncertain when the link is lost before the answer', () => {
    const rig = new GateRig()
    const { outcomes } = deliver(rig, delivery({ kind: 'message', messageId: '', text: 'x' }))
    rig.session.onClosed(rig.inside)
    assert.deepEqual(
      outcomes.map((outcome) => [outcome.code, outcome.isCertain]),
      [['GH-PEER-LINK-LOST', false]],
    )
  })
})

describe('receipts (RFC 5438)', () => {
  const wanting: ImContent = { kind: 'message', messageId: 'm1', text: 'hi', wants: ['delivered', 'displayed'] }

  it('are asked for in CPIM where the next hop knows it, and a refusal of the wrapping costs nothing', () => {
    const rig = new GateRig({ nextHop: { imMode: 'page', hasImdn: true } })
    const { link, outcomes } = deliver(rig, delivery(wanting), 415, 200)
    const [wrapped, plain] = link.requests()
    assert.deepEqual(wrapped && readContent(wrapped, undefined), wanting)
    assert.equal(plain?.headers.first('Content-Type'), 'text/plain;charset=UTF-8')
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ['delivered'],
    )
  })

  it('are not asked for where it does not', () => {
    const { link } = deliver(new GateRig(), delivery(wanting), 200)
    assert.equal(link.requests()[0]?.headers.first('Content-Type'), 'text/plain;charset=UTF-8')
  })

  it('are given as IMDN', () => {
    const { link, outcomes } = deliver(new GateRig(), delivery({ kind: 'receipt', of: 'm7', state: 'displayed', code: '' }, PARTNER), 200)
    const cpim = readCpim(link.requests()[0]?.body ?? new Uint8Array())
    assert.equal(cpim?.contentType, IMDN)
    assert.deepEqual(readImdn(cpim.body), { kind: 'receipt', of: 'm7', state: 'displayed', code: '' })
    assert.equal(outcomes[0]?.status, 'delivered')
  })
})

describe('a destination that is not SIP', () => {
  it('is refused with certainty', () => {
    const { outcomes } = deliver(
      new GateRig(),
      delivery({ kind: 'message', messageId: '', text: 'x' }, { to: 'inside', domain: 'x.example', port: 'xmpp' }),
    )
    assert.deepEqual(
      outcomes.map((outcome) => [outcome.status, outcome.isCertain]),
      [['failed', true]],
    )
  })
})
