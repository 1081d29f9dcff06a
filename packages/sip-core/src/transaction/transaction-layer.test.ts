import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRequest } from '../message/create-request.ts'
import { createResponse } from '../message/create-response.ts'
import type { SipMessage } from '../message/sip-message.ts'
import type { SipRequest } from '../message/sip-request.ts'
import { FakeNetwork, FakeNode } from '../testing/fake-network.ts'
import { sampleRequest } from '../testing/sample-messages.ts'
import type { TransactionLayerOptions } from './transaction-layer.ts'
import type { ConnectionId } from './transaction-user.ts'

/** A node without a wire: what it sends is kept. */
class LoneNode extends FakeNode {
  readonly sent: { readonly connection: ConnectionId; readonly message: SipMessage }[] = []

  constructor(options: Partial<TransactionLayerOptions> = {}) {
    super(new FakeNetwork(), 'lone', options)
  }

  override send(connection: ConnectionId, message: SipMessage): void {
    this.sent.push({ connection, message })
  }

  receive(message: SipMessage, connection = 1): this {
    this.layer.handleMessage(connection, message, this.network.nowMs)
    return this
  }

  answer(status: number, at = 0): this {
    const server = this.servers[at]!
    this.layer.respond(server, createResponse(server.request, status, undefined, { toTag: 'bob' }), this.network.nowMs)
    return this
  }

  statuses(): number[] {
    return this.sent.flatMap(({ message }) => (message.isRequest ? [] : [message.status]))
  }
}

function followUp(method: 'ACK' | 'CANCEL', invite: SipRequest, to: string, via = invite.headers.values('via')[0] ?? ''): SipRequest {
  const copied = ['From', 'Call-ID'].map((name) => [name, invite.headers.first(name) ?? ''] as const)
  return createRequest(method, invite.requestUri, [['Via', via], ...copied, ['To', to], ['CSeq', `${invite.cseq()?.number} ${method}`]])
}

test('RFC 3261 §17.2.3: branch, sent-by and method tell requests apart', () => {
  const node = new LoneNode()
  node.receive(sampleRequest('MESSAGE'))
  node.receive(sampleRequest('MESSAGE'))
  node.receive(sampleRequest('OPTIONS'))
  node.receive(sampleRequest('MESSAGE', { branch: 'z9hG4bKother' }))
  node.receive(sampleRequest('MESSAGE', { via: 'SIP/2.0/TLS edge.contoso.example:5062;branch=z9hG4bKsample' }))
  node.receive(sampleRequest('MESSAGE', { via: 'SIP/2.0/TLS EDGE.contoso.example:5061;branch=z9hG4bKsample' }))
  assert.equal(node.takeTrace(), 'MESSAGE, OPTIONS, MESSAGE, MESSAGE')
  assert.equal(node.layer.openServerTransactions(), 4)
})

test('parts of a key cannot be shifted into each other by hostile values', () => {
  const node = new LoneNode()
  node.receive(sampleRequest('MESSAGE', { via: 'SIP/2.0/TLS h:11;branch=z9hG4bKa' }), 1)
  node.receive(sampleRequest('MESSAGE', { via: 'SIP/2.0/TLS h:1;branch=z9hG4bKa' }), 11)
  assert.equal(node.takeTrace(), 'MESSAGE, MESSAGE')
})

test('transactions with one key and different methods end in any order', () => {
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 0, 2],
  ]) {
    const node = new LoneNode()
    for (const method of ['MESSAGE', 'OPTIONS', 'INFO']) node.receive(sampleRequest(method))
    for (const at of order) node.answer(200, at)
    assert.deepEqual(node.statuses(), [200, 200, 200])
    assert.equal(node.openTransactions, 0)
  }
})

test('one branch with ever new methods is refused, not collected', () => {
  const node = new LoneNode()
  for (let number = 0; number < 50; number++) node.receive(sampleRequest(`M${number}`))
  assert.equal(node.layer.openServerTransactions(), 8)
  assert.equal(node.statuses().filter((status) => status === 503).length, 42)
})

test('RFC 3261 §17.2.3: RFC 2543 senders without a usable branch are matched by the other fields', () => {
  for (const via of ['SIP/2.0/TLS old.example.org', 'SIP/2.0/TLS old.example.org;branch=1', 'SIP/2.0/TLS old.example.org;branch=z9hG4bK']) {
    const node = new LoneNode()
    const invite = sampleRequest('INVITE', { via })
    node
      .receive(invite)
      .receive(sampleRequest('INVITE', { via }))
      .receive(sampleRequest('INVITE', { via, cseq: 2 }))
    assert.equal(node.takeTrace(), 'INVITE, INVITE')
    node.receive(followUp('CANCEL', invite, '<sip:bob@fabrikam.example>'))
    node.answer(487)
    node.receive(followUp('ACK', invite, '<sip:bob@fabrikam.example>;tag=bob'))
    assert.equal(node.takeTrace(), 'CANCEL')
    assert.equal(node.layer.openServerTransactions(), 1)
  }
})

test('an ACK for a 2xx has a branch of its own and goes to the user; one for a refusal does not', () => {
  const node = new LoneNode()
  const invite = sampleRequest('INVITE')
  node.receive(invite).answer(486)
  node.receive(followUp('ACK', invite, '<sip:bob@fabrikam.example>;tag=bob'))
  assert.equal(node.takeTrace(), 'INVITE')
  const other = 'SIP/2.0/TLS edge.contoso.example:5061;branch=z9hG4bKack'
  node.receive(followUp('ACK', invite, '<sip:bob@fabrikam.example>;tag=bob', other))
  assert.equal(node.takeTrace(), 'ACK')
  assert.equal(node.openTransactions, 0)
})

test('RFC 3261 §9.2: the 200 to a CANCEL has the To tag of what was answered already', () => {
  const node = new LoneNode()
  const invite = sampleRequest('INVITE')
  node.receive(invite).answer(180)
  node.receive(followUp('CANCEL', invite, '<sip:bob@fabrikam.example>'))
  assert.equal(node.sent.at(-1)?.message.to()?.tag, 'bob')
})

test('another peer cannot cancel, acknowledge or repeat what is not his', () => {
  const node = new LoneNode()
  const invite = sampleRequest('INVITE')
  node.receive(invite, 1)
  node.receive(followUp('CANCEL', invite, '<sip:bob@fabrikam.example>'), 2)
  assert.equal(node.takeTrace(), 'INVITE')
  assert.deepEqual(node.statuses(), [481])
})

test('connections of one peer share a scope: a CANCEL may come on the other one', () => {
  const node = new LoneNode({ scopeOf: (connection) => (connection < 10 ? 'contoso' : 'other') })
  const invite = sampleRequest('INVITE')
  node.receive(invite, 1)
  node.receive(followUp('CANCEL', invite, '<sip:bob@fabrikam.example>'), 2)
  assert.equal(node.takeTrace(), 'INVITE, CANCEL')
  const client = node.layer.startClient(3, sampleRequest('MESSAGE', { branch: 'z9hG4bKmine' }), 0, undefined)!
  node.receive(createResponse(client.request, 200), 11).receive(createResponse(client.request, 200), 4)
  assert.equal(node.takeTrace(), 'stray 200, 200')
})

test('RFC 3261 §17.1.3: a response is matched by branch, CSeq method and connection', () => {
  const node = new LoneNode()
  const client = node.layer.startClient(1, sampleRequest('MESSAGE'), 0, undefined)!
  node.receive(createResponse(client.request, 200), 2)
  node.receive(createResponse(sampleRequest('MESSAGE', { branch: 'z9hG4bKnobody' }), 200))
  node.receive(createResponse(sampleRequest('OPTIONS'), 200))
  assert.equal(node.takeTrace(), 'stray 200, stray 200')
  node.receive(createResponse(client.request, 200))
  assert.equal(node.takeTrace(), '200')
})

test('the answer to our CANCEL is swallowed, before and after the INVITE has ended', () => {
  const node = new LoneNode()
  const client = node.layer.startClient(1, sampleRequest('INVITE'), 0, undefined)!
  node.receive(createResponse(client.request, 180))
  node.layer.cancel(client, 0)
  const cancel = node.sent.at(-1)!.message as SipRequest
  node.receive(createResponse(cancel, 200)).receive(createResponse(client.request, 487)).receive(createResponse(cancel, 200))
  assert.equal(node.takeTrace(), '180, 487')
})

test('RFC 3261 §17.1.1.3, §9.1: ACK and CANCEL copy what the next hop matches them by', () => {
  const node = new LoneNode()
  const request = sampleRequest('INVITE', {
    headers: [
      ['Route', '<sip:a.example.org;lr>'],
      ['Route', '<sip:b.example.org;lr>'],
    ],
  })
  request.headers.append('Via', 'SIP/2.0/TLS 10.0.0.1;branch=z9hG4bKbelow')
  const client = node.layer.startClient(1, request, 0, undefined)!
  node.receive(createResponse(request, 180))
  node.layer.cancel(client, 0)
  node.receive(createResponse(request, 487, undefined, { toTag: 'bob' }))
  const [cancel, ack] = node.sent.slice(1).map(({ message }) => message as SipRequest)
  for (const [message, method] of [
    [cancel, 'CANCEL'],
    [ack, 'ACK'],
  ] as const) {
    assert.equal(message?.method, method)
    assert.equal(message?.requestUri, request.requestUri)
    assert.deepEqual(message?.headers.values('via'), [request.headers.values('via')[0]])
    assert.deepEqual(message?.headers.values('route'), ['<sip:a.example.org;lr>', '<sip:b.example.org;lr>'])
    assert.equal(message?.headers.first('from'), request.headers.first('from'))
    assert.equal(message?.headers.first('cseq'), `1 ${method}`)
    assert.equal(message?.headers.first('call-id'), 'call-1@contoso.example')
    assert.equal(message?.headers.first('content-length'), '0')
  }
  assert.equal(cancel?.to()?.tag, undefined)
  assert.equal(ack?.to()?.tag, 'bob')
})

test('a full table answers 503 with Retry-After, and the ACK for that reaches nobody', () => {
  const node = new LoneNode({ maxServerTransactions: 1, overloadRetryAfterS: 7 })
  node.receive(sampleRequest('MESSAGE'))
  const invite = sampleRequest('INVITE', { branch: 'z9hG4bKmore' })
  node.receive(invite)
  const refusal = node.sent[0]!.message
  assert.deepEqual([node.statuses(), refusal.headers.first('retry-after')], [[503], '7'])
  node.receive(followUp('ACK', invite, refusal.headers.first('to') ?? ''))
  assert.equal(node.takeTrace(), 'MESSAGE')
  assert.equal(node.layer.counters.overload, 1)
  node.answer(200).receive(sampleRequest('INVITE', { branch: 'z9hG4bKlater' }))
  assert.equal(node.takeTrace(), 'INVITE')
})

test('startClient refuses a full table, a branch in use and a request without our Via', () => {
  const node = new LoneNode({ maxClientTransactions: 2 })
  assert.ok(node.layer.startClient(1, sampleRequest('MESSAGE', { branch: 'z9hG4bK1' }), 0, undefined))
  assert.equal(node.layer.startClient(1, sampleRequest('MESSAGE', { branch: 'z9hG4bK1' }), 0, undefined), undefined)
  assert.equal(node.layer.startClient(1, sampleRequest('MESSAGE', { via: 'SIP/2.0/TLS a.example.org' }), 0, undefined), undefined)
  assert.ok(node.layer.startClient(1, sampleRequest('MESSAGE', { branch: 'z9hG4bK2' }), 0, undefined))
  assert.equal(node.layer.startClient(1, sampleRequest('MESSAGE', { branch: 'z9hG4bK3' }), 0, undefined), undefined)
  assert.equal(node.sent.length, 2)
})

test('open transactions are counted per connection, and a closed one leaves no client behind', () => {
  const node = new LoneNode()
  for (const connection of [1, 1, 2]) {
    const branch = `z9hG4bK${node.layer.openClientTransactions()}`
    node.layer.startClient(connection, sampleRequest('MESSAGE', { branch }), 0, undefined)
    node.receive(sampleRequest('MESSAGE', { branch }), connection)
  }
  assert.deepEqual(
    [1, 2, 3].map((connection) => node.layer.openClientTransactions(connection)),
    [2, 1, 0],
  )
  assert.deepEqual(
    [1, 2, 3].map((connection) => node.layer.openServerTransactions(connection)),
    [2, 1, 0],
  )
  node.takeTrace()
  node.layer.handleConnectionClosed(1, 0)
  assert.equal(node.takeTrace(), 'connection-lost, connection-lost')
  assert.deepEqual([node.layer.openClientTransactions(), node.layer.openServerTransactions(1)], [1, 2])
  node.answer(200, 0).answer(404, 1)
  assert.deepEqual([node.layer.counters.droppedAnswers, node.statuses().length, node.layer.openServerTransactions(1)], [2, 0, 0])
})

test('deadlines fire in the order of their times, late calls and a clock that steps back do no harm', () => {
  const node = new LoneNode()
  node.receive(sampleRequest('INVITE'))
  node.layer.startClient(1, sampleRequest('MESSAGE', { branch: 'z9hG4bKx' }), 0, undefined)
  assert.equal(node.layer.nextDeadlineMs(), 200)
  node.layer.handleTimeout(100)
  node.layer.handleTimeout(50)
  assert.deepEqual(node.statuses(), [])
  node.layer.handleTimeout(1_000_000)
  assert.deepEqual(node.statuses(), [100])
  assert.equal(node.takeTrace(), 'INVITE, timeout')
  assert.equal(node.layer.nextDeadlineMs(), 1_000_000 + 245_000)
})

test('timers come from the options', () => {
  const node = new LoneNode({ timers: { t1Ms: 10, ringingMs: 5_000 } })
  const client = node.layer.startClient(1, sampleRequest('INVITE'), 0, undefined)!
  assert.equal(node.layer.nextDeadlineMs(), 640)
  node.receive(createResponse(client.request, 180))
  assert.equal(node.layer.nextDeadlineMs(), 5_000)
})

test('a user that answers from inside onRequest and starts from inside onFailure meets consistent tables', () => {
  class Eager extends LoneNode {
    override onRequest(...args: Parameters<FakeNode['onRequest']>): void {
      super.onRequest(...args)
      this.answer(200, this.servers.length - 1)
    }
    override onFailure(...args: Parameters<FakeNode['onFailure']>): void {
      super.onFailure(...args)
      assert.equal(this.layer.openClientTransactions(), 0)
      if (this.trace.length < 3) this.layer.startClient(1, sampleRequest('MESSAGE', { branch: 'z9hG4bKagain' }), args[2], undefined)
    }
  }
  const node = new Eager()
  node.receive(sampleRequest('MESSAGE'))
  assert.equal(node.openTransactions, 0)
  node.layer.startClient(1, sampleRequest('MESSAGE'), 0, undefined)
  node.layer.handleConnectionClosed(1, 0)
  assert.equal(node.takeTrace(), 'MESSAGE, connection-lost')
  node.layer.handleTimeout(32_000)
  assert.equal(node.takeTrace(), 'timeout')
})
