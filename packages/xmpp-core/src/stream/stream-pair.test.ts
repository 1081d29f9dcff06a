import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { kindsOf, type PairOptions, StreamPair } from '../testing/stream-pair.ts'
import { testSurroundings } from '../testing/surroundings.ts'
import { ns } from '../xml/namespaces.ts'
import { type XmlElement, xml } from '../xml/xml-element.ts'
import { dialbackKey } from './dialback-key.ts'

const GOOD = { clientNames: ['contoso.example'], serverNames: ['fabrikam.example'] }

function message(from: string, to: string, body = 'hello'): XmlElement {
  return xml('message', ns.client, { from, to, type: 'chat', id: 'm1' }, xml('body', ns.client, {}, body))
}

const HELLO = message('alice@contoso.example', 'bob@fabrikam.example', "it's <ok> & 10 \u20ac \ud83d\ude00\r\n\t\0")

function external(options: PairOptions = {}): StreamPair {
  return new StreamPair({ ...GOOD, ...options }).start()
}

test('STARTTLS, SASL EXTERNAL, bidi and stream management; a stanza each way', () => {
  const pair = external()
  assert.deepEqual(kindsOf(pair.serverEvents), ['startTls', 'authenticated contoso.example by certificate', 'ready'])
  assert.deepEqual(kindsOf(pair.clientEvents), ['startTls', 'authenticated fabrikam.example by certificate', 'ready'])
  assert.equal(pair.client.sendStanza(HELLO, 7), true)
  pair.run()
  const arrived = pair.serverEvents.at(-1)
  assert.ok(arrived?.kind === 'stanza')
  assert.equal(arrived.stanza.element.child('body')?.text(), "it's <ok> & 10 \u20ac \ud83d\ude00\r\n\t\ufffd")
  assert.deepEqual(pair.clientEvents.at(-1), { kind: 'acked', tickets: [7] })
  assert.equal(pair.server.canSendTo('contoso.example', 'fabrikam.example'), true)
  assert.equal(pair.server.canSendTo('contoso.example', 'it.fabrikam.example'), false)
  assert.equal(pair.server.sendStanza(message('bob@fabrikam.example', 'alice@contoso.example'), 0), true)
  pair.run()
  assert.equal(kindsOf(pair.clientEvents).at(-1), 'message by certificate')
})

test('every way of cutting the bytes gives the same events', () => {
  const whole = external()
  whole.client.sendStanza(HELLO, 1)
  whole.run()
  for (let pieceBytes = 1; pieceBytes < 400; pieceBytes += pieceBytes < 40 ? 1 : 37) {
    const cut = external({ pieceBytes })
    cut.client.sendStanza(HELLO, 1)
    cut.run()
    assert.deepEqual(cut.serverEvents, whole.serverEvents, `pieces of ${pieceBytes}`)
    assert.deepEqual(cut.clientEvents, whole.clientEvents, `pieces of ${pieceBytes}`)
  }
})

test('direct TLS (XEP-0368): features at once, no STARTTLS', () => {
  const pair = external({
    outgoing: { tls: 'done', certifies: (domain) => domain === 'fabrikam.example' },
    incoming: { startTls: false, certifies: (domain) => domain === 'contoso.example' },
  })
  assert.equal(pair.client.isReady, true)
  assert.deepEqual(kindsOf(pair.serverEvents), ['authenticated contoso.example by certificate', 'ready'])
})

test('without a good certificate of the client: dialback, the key is verified, the pair counts and no other', () => {
  const pair = new StreamPair({ ...GOOD, clientNames: [] }).start()
  const asked = pair.serverEvents.at(-1)
  assert.ok(asked?.kind === 'verifyDialback')
  const { hashes, dialbackSecret } = testSurroundings()
  const expected = dialbackKey(hashes, dialbackSecret, { receiving: 'fabrikam.example', originating: 'contoso.example' }, asked.streamId)
  assert.equal(asked.key, expected)
  assert.equal(pair.client.isReady, false)
  pair.server.answerDialback(0, 'contoso.example', 'fabrikam.example', 'valid')
  pair.run()
  assert.equal(pair.client.isReady, true)
  pair.client.sendStanza(HELLO, 0)
  pair.run()
  assert.equal(kindsOf(pair.serverEvents).at(-1), 'message by dialback')
  pair.client.sendStanza(message('alice@contoso.example', 'bob@it.fabrikam.example'), 0)
  pair.run()
  assert.equal(kindsOf(pair.serverEvents).at(-1), 'closed us invalid-from')
})

test('several domains on one stream (XEP-0220 §2.6): each pair is verified by itself, one refused leaves the others', () => {
  const pair = external()
  pair.client.addDomain(0, 'sales.contoso.example')
  pair.run()
  assert.ok(pair.serverEvents.at(-1)?.kind === 'verifyDialback')
  assert.equal(pair.client.canSendFrom('sales.contoso.example'), false)
  pair.server.answerDialback(0, 'sales.contoso.example', 'fabrikam.example', 'remote-server-not-found')
  pair.run()
  assert.deepEqual(pair.clientEvents.at(-1), {
    kind: 'refused',
    local: 'sales.contoso.example',
    remote: 'fabrikam.example',
    verdict: 'remote-server-not-found',
    detail: 'dialback',
  })
  pair.client.addDomain(0, 'hr.contoso.example')
  pair.run()
  pair.server.answerDialback(0, 'hr.contoso.example', 'fabrikam.example', 'valid')
  pair.run()
  assert.equal(pair.client.canSendFrom('hr.contoso.example'), true)
  assert.equal(pair.client.canSendFrom('contoso.example'), true)
})

test('an unverified result lets nothing through (XEP-0220 §2.3)', () => {
  const pair = new StreamPair({ ...GOOD, clientNames: [] }).start()
  assert.ok(pair.serverEvents.at(-1)?.kind === 'verifyDialback')
  pair.inject('server', "<message from='alice@contoso.example' to='bob@fabrikam.example'><body>too early</body></message>")
  assert.equal(kindsOf(pair.serverEvents).at(-1), 'closed us not-authorized')
})

test('a key that its domain does not know ends the stream', () => {
  const pair = new StreamPair({ ...GOOD, clientNames: [] }).start()
  pair.server.answerDialback(0, 'contoso.example', 'fabrikam.example', 'invalid')
  pair.run()
  assert.equal(kindsOf(pair.clientEvents).at(-1), 'closed us not-authorized')
  assert.ok(pair.server.isClosed)
})

/** Dialback spoofing: whoever says that he is valid is not. */
for (const [why, to, text] of [
  ['a result', 'server', "<db:result from='contoso.example' to='fabrikam.example' type='valid'/>"],
  ['a verification', 'server', "<db:verify from='contoso.example' to='fabrikam.example' id='id-1' type='valid'/>"],
  ['a result for a pair of the same stream', 'client', "<db:result from='fabrikam.example' to='sales.contoso.example' type='valid'/>"],
  ['a verification nobody asked for', 'client', "<db:verify from='fabrikam.example' to='contoso.example' id='x' type='valid'/>"],
] as const) {
  test(`${why} that nobody asked for ends the stream: nothing rides piggy-back`, () => {
    const pair = external()
    pair.inject(to, text)
    assert.equal(kindsOf(to === 'server' ? pair.serverEvents : pair.clientEvents).at(-1), 'closed us policy-violation')
  })
}

test('the authoritative side knows its own keys and no others (XEP-0185)', () => {
  const pair = new StreamPair({ ...GOOD, outgoing: { purpose: 'verify' } }).start()
  assert.equal(pair.client.isReady, true)
  const { hashes, dialbackSecret } = testSurroundings()
  const good = dialbackKey(hashes, dialbackSecret, { receiving: 'contoso.example', originating: 'fabrikam.example' }, 'D60000229F')
  for (const [key, verdict] of [
    [good, 'valid'],
    [`${good}0`, 'invalid'],
    [good.slice(1), 'invalid'],
    ['', 'invalid'],
  ] as const) {
    pair.client.askVerify(0, { remote: 'fabrikam.example', local: 'contoso.example', streamId: 'D60000229F', key })
    pair.run()
    const verified = pair.clientEvents.at(-1)
    assert.ok(verified?.kind === 'verified' && verified.verdict === verdict)
  }
  assert.equal(pair.client.sendStanza(HELLO, 0), false)
})

test('a dialback question is answered in time, one way or the other', () => {
  const pair = new StreamPair({
    ...GOOD,
    outgoing: { purpose: 'verify' },
    tamper: (text) => (text.includes('<db:verify') ? ' ' : text),
  }).start()
  pair.client.askVerify(0, { remote: 'fabrikam.example', local: 'contoso.example', streamId: '1', key: 'k' })
  pair.run()
  assert.equal(pair.client.nextDeadlineMs(), 20_000)
  pair.client.handleTimeout(20_000)
  const event = pair.client.takeEvent()
  assert.ok(event?.kind === 'verified' && event.verdict === 'remote-server-timeout')
})

test('XEP-0185 §3: its own example', () => {
  const { hashes } = testSurroundings()
  assert.equal(
    dialbackKey(hashes, 's3cr3tf0rd14lb4ck', { receiving: 'xmpp.example.com', originating: 'example.org' }, 'D60000229F'),
    '37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643',
  )
})

test('the client sends nothing to a server whose certificate does not speak for the domain, unless told to', () => {
  const strict = new StreamPair({ clientNames: ['contoso.example'], serverNames: ['evil.example'] }).start()
  assert.equal(kindsOf(strict.clientEvents).at(-1), 'closed us not-authorized')
  const lax = new StreamPair({ ...GOOD, serverNames: [], outgoing: { acceptUncertified: true } }).start()
  assert.equal(lax.client.isReady, true)
  assert.equal(lax.client.isBidi, false, 'nobody knows who would answer')
})

test('what comes before TLS is forgotten with it (STARTTLS injection)', () => {
  const pair = new StreamPair(GOOD)
  pair.client.start(0)
  const header = pair.client.takeWrite()
  pair.server.handleData(
    Buffer.from(`${header}<starttls xmlns='${ns.tls}'/><db:result from='contoso.example' to='fabrikam.example'>key</db:result>`),
    0,
  )
  assert.equal(pair.server.takeEvent()?.kind, 'startTls')
  pair.server.handleSecured(0, () => true)
  assert.equal(pair.server.takeEvent(), undefined)
  assert.equal(pair.server.isReady, false)
})

test('a broken stream is resumed: what was not acknowledged comes once more, nothing twice (XEP-0198 §5)', () => {
  const first = external()
  first.client.sendStanza(message('alice@contoso.example', 'bob@fabrikam.example', 'one'), 1)
  first.run()
  first.client.sendStanza(message('alice@contoso.example', 'bob@fabrikam.example', 'two'), 2)
  first.client.takeWrite()
  first.client.handleGone(0, 'reset')
  first.server.handleGone(0, 'reset')
  const lost = first.client.takeEvent()
  const kept = first.server.takeEvent()
  assert.ok(lost?.kind === 'closed' && kept?.kind === 'closed')
  assert.deepEqual(lost.closing.unacked, [2])
  const { session } = lost.closing
  const second = external({
    outgoing: { session },
    incoming: { takeSession: (id) => (id === kept.closing.session?.id ? kept.closing.session : undefined) },
  })
  assert.ok(second.clientEvents.some((event) => event.kind === 'ready' && event.isResumed))
  assert.deepEqual(second.clientEvents.at(-1), { kind: 'acked', tickets: [2] })
  const bodies = second.serverEvents.flatMap((event) => (event.kind === 'stanza' ? [event.stanza.element.child('body')?.text()] : []))
  assert.deepEqual(bodies, ['two'])
})

test('what is not handled is not acknowledged; the rest is told unasked, without a gap (XEP-0198 §4)', () => {
  const pair = external({ isLazy: true })
  for (const ticket of [1, 2, 3]) pair.client.sendStanza(HELLO, ticket)
  pair.run()
  const arrivals = pair.serverEvents.flatMap((event) => (event.kind === 'stanza' ? [event.arrival] : []))
  const acked = (): number[] => pair.clientEvents.flatMap((event) => (event.kind === 'acked' ? [...event.tickets] : []))
  assert.deepEqual([arrivals, acked()], [[1, 2, 3], []])
  pair.server.markHandled(0, 2)
  pair.run()
  assert.deepEqual(acked(), [])
  pair.server.markHandled(0, 1)
  pair.server.markHandled(0, 3)
  pair.run()
  assert.deepEqual(acked(), [1, 2, 3])
})

test('a request is answered when what came before it is handled, whatever came behind it (XEP-0198 §4)', () => {
  const pair = external({ isLazy: true })
  for (const ticket of [1, 2]) pair.client.sendStanza(HELLO, ticket)
  pair.run()
  for (const ticket of [3, 4]) pair.client.sendStanza(HELLO, ticket)
  pair.run()
  const acked = (): number[] => pair.clientEvents.flatMap((event) => (event.kind === 'acked' ? [...event.tickets] : []))
  pair.server.markHandled(0, 1)
  pair.run()
  assert.deepEqual(acked(), [])
  pair.server.markHandled(0, 2)
  pair.run()
  assert.deepEqual(acked(), [1, 2])
  pair.server.markHandled(0, 3)
  pair.run()
  assert.deepEqual(acked(), [1, 2])
  pair.server.markHandled(0, 4)
  pair.run()
  assert.deepEqual(acked(), [1, 2, 3, 4])
})

test('a stream that we end says first what was dealt with, so that the other side does not give it back to its senders (XEP-0198 §4)', () => {
  const pair = external({ isLazy: true })
  for (const ticket of [1, 2]) pair.client.sendStanza(HELLO, ticket)
  pair.run()
  pair.client.sendStanza(HELLO, 3)
  pair.run()
  pair.server.markHandled(0, 1)
  pair.server.close(0, 'system-shutdown')
  pair.run()
  const acked = pair.clientEvents.flatMap((event) => (event.kind === 'acked' ? [...event.tickets] : []))
  assert.deepEqual(acked, [1])
  const last = pair.clientEvents.at(-1)
  assert.ok(last?.kind === 'closed')
  assert.deepEqual(last.closing.unacked, [2, 3])
})

test('somebody else cannot take a session over', () => {
  const session = { id: 'x', local: 'fabrikam.example', remote: 'victim.example', received: 0, acked: 0, unacked: [] }
  const pair = external({
    outgoing: { session: { ...session, local: 'contoso.example', remote: 'fabrikam.example' } },
    incoming: { takeSession: () => session },
  })
  assert.ok(pair.wire.some((text) => text.includes('item-not-found')))
  assert.ok(pair.clientEvents.some((event) => event.kind === 'ready' && !event.isResumed))
})

test('keep-alive, a question after long silence, and the end without an answer', () => {
  const pair = external()
  assert.equal(pair.client.nextDeadlineMs(), 60_000)
  pair.client.handleTimeout(60_000)
  assert.equal(pair.client.takeWrite(), ' ')
  pair.client.handleTimeout(150_000)
  assert.match(pair.client.takeWrite(), /<r xmlns='urn:xmpp:sm:3'\/>/)
  pair.client.handleTimeout(179_000)
  pair.client.takeWrite()
  assert.equal(pair.client.isReady, true)
  pair.client.handleTimeout(180_000)
  assert.match(pair.client.takeWrite(), /connection-timeout.*<\/stream:stream>$/)
  assert.equal(pair.client.nextDeadlineMs(), undefined)
})

test('a server that accepts and never answers costs half a minute', () => {
  const pair = new StreamPair(GOOD)
  pair.client.start(0)
  pair.client.takeWrite()
  assert.equal(pair.client.nextDeadlineMs(), 30_000)
  pair.client.handleTimeout(30_000)
  const event = pair.client.takeEvent()
  assert.ok(event?.kind === 'closed' && event.closing.condition === 'connection-timeout')
})

test('a close in good order: what is on its way still arrives, then both ends are closed', () => {
  const pair = external()
  pair.server.sendStanza(message('bob@fabrikam.example', 'alice@contoso.example', 'last words'), 0)
  pair.client.close(0)
  pair.run()
  assert.deepEqual(kindsOf(pair.clientEvents).slice(-2), ['message by certificate', 'closed us in order'])
  assert.equal(kindsOf(pair.serverEvents).at(-1), 'closed peer in order')
})
