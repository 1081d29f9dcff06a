import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRequest } from '../message/create-request.ts'
import { createResponse } from '../message/create-response.ts'
import type { SipRequest } from '../message/sip-request.ts'
import { FakeNetwork, FakeNode } from '../testing/fake-network.ts'
import { FakeProxy } from '../testing/fake-proxy.ts'
import { sampleRequest } from '../testing/sample-messages.ts'
import type { ClientTransaction } from '../transaction/client-transaction.ts'

/** alice — proxy — bob, with a second way to bob. */
class World {
  readonly network = new FakeNetwork()
  readonly alice: FakeNode
  readonly proxy: FakeProxy
  readonly bob: FakeNode
  readonly aliceLink: number
  readonly bobLink: number
  readonly bobSecondLink: number
  client: ClientTransaction | undefined
  readonly request: SipRequest

  constructor(method: string, mode: 'held' | 'forwarded' = 'forwarded') {
    this.alice = this.network.add(new FakeNode(this.network, 'alice'))
    this.proxy = this.network.add(new FakeProxy(this.network, 'proxy'))
    this.bob = this.network.add(new FakeNode(this.network, 'bob'))
    ;[this.aliceLink] = this.network.connect(this.alice, this.proxy)
    ;[this.bobLink] = this.network.connect(this.proxy, this.bob)
    ;[this.bobSecondLink] = this.network.connect(this.proxy, this.bob)
    if (mode === 'forwarded') this.proxy.forwardOn = this.bobLink
    this.request = sampleRequest(method)
    this.client = this.alice.layer.startClient(this.aliceLink, this.request, 0, undefined)
    this.network.run(10)
  }

  run(durationMs = 10): this {
    this.network.run(durationMs)
    return this
  }

  answer(status: number, server = this.bob.servers.at(-1)): this {
    assert.ok(server !== undefined)
    this.bob.layer.respond(server, createResponse(server.request, status, undefined, { toTag: 'bob' }), this.network.nowMs)
    return this.run()
  }

  cancel(): this {
    assert.ok(this.client !== undefined)
    this.alice.layer.cancel(this.client, this.network.nowMs)
    return this.run()
  }

  forward(link = this.bobLink): boolean {
    const started = this.proxy.forward(this.proxy.relays[0]!, link)
    this.run()
    return started
  }

  /** Everything has ended everywhere, after the longest timer. */
  expectEmpty(): void {
    this.run(600_000)
    for (const node of [this.alice, this.proxy, this.bob]) {
      assert.equal(node.openTransactions, 0)
      assert.equal(node.layer.nextDeadlineMs(), undefined)
    }
  }
}

test('a MESSAGE goes through and its 200 comes back, edited by the owner and without our Via', () => {
  const world = new World('MESSAGE')
  assert.equal(world.bob.takeTrace(), 'MESSAGE')
  assert.equal(world.bob.servers[0]?.request.headers.count('via'), 2)
  world.answer(200)
  assert.equal(world.alice.takeTrace(), '200')
  const response = world.alice.received.at(-1)
  assert.deepEqual(response?.headers.values('via'), world.request.headers.values('via'))
  assert.equal(response?.headers.first('server'), 'gatehouse')
  assert.equal(world.proxy.takeTrace(), 'MESSAGE, settled 200')
  world.expectEmpty()
})

test('RFC 3261 §16.7 step 5: 1xx but 100 go upstream at once, then the final response, and ACK and BYE follow', () => {
  const world = new World('INVITE')
  world.run(300)
  assert.equal(world.alice.takeTrace(), '100')
  world.answer(180).answer(200)
  assert.equal(world.alice.takeTrace(), '180, 200')
  world.alice.send(world.aliceLink, inDialog('ACK', 1))
  world.run()
  assert.equal(world.bob.takeTrace(), 'INVITE, ACK')
  world.alice.layer.startClient(world.aliceLink, inDialog('BYE', 2), world.network.nowMs, undefined)
  world.run().answer(200)
  assert.equal(world.alice.takeTrace(), '200')
  world.expectEmpty()
})

test('RFC 6026: a 2xx that is sent again goes through again, and a second dialog too', () => {
  const world = new World('INVITE').answer(200).answer(200)
  assert.equal(world.alice.takeTrace(), '200, 200')
  world.run(31_900).answer(200)
  assert.equal(world.alice.takeTrace(), '200')
  world.run(100).answer(200)
  assert.equal(world.alice.takeTrace(), '')
  world.expectEmpty()
})

test('RFC 4320 §4.1: provisional responses to anything but an INVITE stay here', () => {
  const world = new World('MESSAGE')
  world.proxy.layer.handleMessage(world.bobLink, createResponse(world.bob.servers[0]!.request, 183), world.network.nowMs)
  world.run().answer(200)
  assert.equal(world.alice.takeTrace(), '200')
  world.expectEmpty()
})

test('CANCEL before the request was sent on: 487 at once, and it can never be started', () => {
  const world = new World('INVITE', 'held')
  world.run(300).cancel()
  assert.equal(world.alice.takeTrace(), '100, 487')
  assert.equal(world.proxy.relays[0]?.isSettled, true)
  assert.equal(world.forward(), false)
  assert.equal(world.bob.takeTrace(), '')
  world.expectEmpty()
})

test('CANCEL after it was sent on but before any answer waits for the answer', () => {
  const world = new World('INVITE')
  world.run(300).cancel()
  assert.equal(world.bob.takeTrace(), 'INVITE, CANCEL')
  world.answer(487)
  assert.equal(world.alice.takeTrace(), '100, 487')
  world.expectEmpty()
})

test('CANCEL after ringing goes through, hop by hop', () => {
  const world = new World('INVITE').answer(180).cancel().answer(487)
  assert.equal(world.alice.takeTrace(), '180, 487')
  assert.equal(world.bob.takeTrace(), 'INVITE, CANCEL')
  const cancel = world.bob.received.find((message) => message.isRequest && message.method === 'CANCEL')
  assert.equal(cancel?.topVia()?.branch, world.bob.servers[0]?.request.topVia()?.branch)
  assert.equal(cancel?.headers.count('via'), 1)
  world.expectEmpty()
})

test('CANCEL that crosses the 200 has no effect', () => {
  const world = new World('INVITE').answer(180)
  const server = world.bob.servers[0]!
  world.bob.layer.respond(server, createResponse(server.request, 200, undefined, { toTag: 'bob' }), world.network.nowMs)
  world.cancel()
  assert.equal(world.alice.takeTrace(), '180, 200')
  world.cancel()
  world.expectEmpty()
})

test('RFC 3261 §9.1: a cancelled INVITE whose target is silent ends after 64*T1 with 487', () => {
  const world = new World('INVITE').answer(180).cancel().run(32_100)
  assert.equal(world.alice.takeTrace(), '180, timeout, stray 487') // alice has the same timer and started it first
  assert.equal(world.proxy.takeTrace(), 'INVITE, settled 487')
  world.expectEmpty()
})

test('timer B: no answer at all is 408 upstream; for anything but an INVITE nothing (RFC 4320 §4.1)', () => {
  const invite = new World('INVITE')
  invite.bob.layer.handleConnectionClosed(4, invite.network.nowMs)
  invite.run(33_000)
  assert.equal(invite.proxy.takeTrace(), 'INVITE, failed: timeout, settled 408')
  assert.equal(invite.alice.takeTrace(), '100, 408')
  invite.expectEmpty()
  const message = new World('MESSAGE').run(33_000)
  assert.equal(message.alice.takeTrace(), '100, timeout')
  assert.equal(message.proxy.takeTrace(), 'MESSAGE, settled 408') // bob's 100 had come: no other target is asked for
  message.expectEmpty()
})

test('timer C: an INVITE that only rings is cancelled after three minutes', () => {
  const world = new World('INVITE').answer(180)
  world.alice.layer.handleTimeout(world.network.nowMs)
  world.run(180_000)
  assert.equal(world.bob.takeTrace(), 'INVITE')
  world.run(1_100)
  assert.match(world.bob.takeTrace(), /CANCEL/)
  world.answer(487)
  assert.equal(world.proxy.takeTrace(), 'INVITE, settled 487')
  world.expectEmpty()
})

test('connection lost before any answer: another one is tried, and its answer counts', () => {
  const world = new World('MESSAGE')
  world.proxy.retryOn.push(world.bobSecondLink)
  world.network.cut(world.bobLink)
  world.run().answer(200)
  assert.equal(world.proxy.takeTrace(), 'MESSAGE, failed: connection-lost, settled 200')
  assert.equal(world.alice.takeTrace(), '200')
  const branches = world.bob.servers.map((server) => server.request.topVia()?.branch)
  assert.equal(new Set(branches).size, 2)
  world.expectEmpty()
})

test('connection lost before any answer and nothing else to try: 500 (RFC 3261 §16.9)', () => {
  const world = new World('MESSAGE')
  world.network.cut(world.bobLink)
  assert.equal(world.run().alice.takeTrace(), '500')
  world.expectEmpty()
})

test('connection lost after ringing: nobody is asked, the call failed', () => {
  const world = new World('INVITE').answer(180)
  world.proxy.retryOn.push(world.bobSecondLink)
  world.network.cut(world.bobLink)
  assert.equal(world.run().alice.takeTrace(), '180, 500')
  assert.equal(world.bob.takeTrace(), 'INVITE')
  world.expectEmpty()
})

test('connection lost while cancelling: 487', () => {
  const world = new World('INVITE').answer(180).cancel()
  world.network.cut(world.bobLink)
  assert.equal(world.run().alice.takeTrace(), '180, 487')
  world.expectEmpty()
})

test('the sender is gone: an INVITE is cancelled, the answer is dropped', () => {
  const world = new World('INVITE').answer(180)
  world.network.cut(world.aliceLink)
  world.run()
  assert.equal(world.bob.takeTrace(), 'INVITE, CANCEL')
  world.answer(487)
  assert.ok(world.proxy.layer.counters.droppedAnswers > 0)
  world.expectEmpty()
})

test('the sender of a MESSAGE is gone before it was sent on: it may not be started any more', () => {
  const world = new World('MESSAGE', 'held')
  world.network.cut(world.aliceLink)
  assert.equal(world.forward(), false)
  world.expectEmpty()
})

test('RFC 3261 §16.7 step 6: a 503 is tried elsewhere, or becomes 500', () => {
  const retried = new World('INVITE')
  retried.proxy.retryOn.push(retried.bobSecondLink)
  retried.answer(503).answer(200)
  assert.equal(retried.alice.takeTrace(), '200')
  retried.expectEmpty()
  const alone = new World('MESSAGE').answer(503)
  assert.equal(alone.alice.takeTrace(), '500')
  alone.expectEmpty()
})

test('a refusal by ourselves while it is held ends it', () => {
  const world = new World('INVITE', 'held')
  const relay = world.proxy.relays[0]!
  relay.refuse(createResponse(relay.server.request, 403, undefined, { toTag: 'x' }), world.network.nowMs)
  relay.refuse(createResponse(relay.server.request, 404, undefined, { toTag: 'x' }), world.network.nowMs)
  assert.equal(world.run().alice.takeTrace(), '403')
  assert.equal(world.forward(), false)
  world.expectEmpty()
})

function inDialog(method: string, cseq: number): SipRequest {
  return createRequest(method, 'sip:bob@fabrikam.example', [
    ['Via', `SIP/2.0/TLS edge.contoso.example:5061;branch=z9hG4bK${method}`],
    ['Max-Forwards', '70'],
    ['From', '<sip:alice@contoso.example>;tag=alice-1'],
    ['To', '<sip:bob@fabrikam.example>;tag=bob'],
    ['Call-ID', 'call-1@contoso.example'],
    ['CSeq', `${cseq} ${method}`],
  ])
}
