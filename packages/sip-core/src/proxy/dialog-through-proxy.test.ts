import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Dialog } from '../dialog/dialog.ts'
import { createResponse } from '../message/create-response.ts'
import type { SipRequest } from '../message/sip-request.ts'
import type { SipResponse } from '../message/sip-response.ts'
import { FakeNetwork, FakeNode } from '../testing/fake-network.ts'
import { FakeProxy } from '../testing/fake-proxy.ts'
import { sampleRequest } from '../testing/sample-messages.ts'

test('a session through a proxy with two names: INVITE, 200, ACK, INFO forth, BYE back, each over both Routes (RFC 5658)', () => {
  const network = new FakeNetwork()
  const alice = network.add(new FakeNode(network, 'alice'))
  const proxy = network.add(new FakeProxy(network, 'proxy'))
  const bob = network.add(new FakeNode(network, 'bob'))
  const [aliceLink, proxyToAlice] = network.connect(alice, proxy)
  const [proxyToBob, bobLink] = network.connect(proxy, bob)
  proxy.forwardOn = proxyToBob

  const invite = sampleRequest('INVITE')
  alice.layer.startClient(aliceLink, invite, network.nowMs, undefined)
  network.run(10)
  const server = bob.servers[0]!
  const ok = createResponse(server.request, 200, undefined, { toTag: 'bob', headers: [['Contact', '<sip:bob@192.0.2.4>']] })
  const bobDialog = Dialog.ofReceived(server.request, ok)!
  bob.layer.respond(server, ok, network.nowMs)
  network.run(10)
  const aliceDialog = Dialog.ofSent(invite, alice.received.at(-1) as SipResponse)!
  assert.equal(aliceDialog.remoteTarget, 'sip:bob@192.0.2.4')

  const send = (node: FakeNode, link: number, request: SipRequest, branch: string): void => {
    request.headers.prepend('Via', `SIP/2.0/TLS client.example.net;branch=z9hG4bK${branch}`)
    if (request.method === 'ACK') node.send(link, request)
    else node.layer.startClient(link, request, network.nowMs, undefined)
    network.run(10)
  }
  const ack = aliceDialog.createRequest('ACK', [], { ackOf: 1 })
  assert.equal(ack.nextHopUri, 'sip:edge.example.org;lr')
  send(alice, aliceLink, ack.request, 'ack')
  send(alice, aliceLink, aliceDialog.createRequest('INFO').request, 'info')
  for (const arrived of bob.received.filter((message) => message.isRequest && message.method !== 'INVITE') as SipRequest[]) {
    assert.equal(arrived.headers.has('route'), false)
    assert.equal(arrived.requestUri, 'sip:bob@192.0.2.4')
    assert.equal(bobDialog.handleRequest(arrived), 'in-order')
  }
  assert.equal(bob.takeTrace(), 'INVITE, ACK, INFO')

  proxy.forwardOn = proxyToAlice
  const bye = bobDialog.createRequest('BYE')
  assert.equal(bye.nextHopUri, 'sip:inner.example.org;lr')
  send(bob, bobLink, bye.request, 'bye')
  assert.equal(alice.takeTrace(), '200, BYE')
  assert.equal(alice.servers[0]?.request.requestUri, 'sip:alice@10.0.0.1:5061;transport=tls')
  assert.equal(alice.servers[0]?.request.headers.has('route'), false)
  alice.layer.respond(alice.servers[0]!, createResponse(alice.servers[0]!.request, 200), network.nowMs)
  network.run(10)
  assert.equal(bob.takeTrace(), '200')
})
