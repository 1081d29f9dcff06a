import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from 'node:tls'

import { EdgeFixture, onceOf } from './testing/edge-fixture.ts'
import { proxyHeader } from './testing/proxy-header.ts'

async function withProxy(from: string[], run: (fixture: EdgeFixture) => Promise<void>): Promise<void> {
  const fixture = await new EdgeFixture({ listener: { proxyProtocolFrom: from } }).start()
  try {
    await run(fixture)
  } finally {
    await fixture.stop()
  }
}

/** Sends the header in the given pieces, then speaks TLS on the same connection. */
async function connectThrough(fixture: EdgeFixture, pieces: readonly Buffer[]): Promise<ReturnType<typeof connect>> {
  const raw = fixture.tcpClient()
  await onceOf(raw, 'connect')
  raw.setNoDelay(true)
  for (const piece of pieces) await new Promise((resolve) => raw.write(piece, resolve))
  const { chainPem, keyPem } = EdgeFixture.partner
  const tls = connect({ socket: raw, cert: chainPem, key: keyPem, rejectUnauthorized: false, servername: 'sip.contoso.example' })
  tls.on('error', () => {})
  return tls
}

test('the peer is who the balancer says, and limits count that address', () =>
  withProxy(['127.0.0.0/8'], async (fixture) => {
    fixture.handler.isEcho = true
    const opening = fixture.handler.nextOpen()
    const client = await connectThrough(fixture, [proxyHeader({ address: '192.0.2.7', port: 40_000 })])
    const connection = await opening
    assert.deepEqual(connection.remote, { address: '192.0.2.7', port: 40_000 })
    assert.equal(connection.peer.isAuthenticated, true)
    client.write('through')
    assert.equal(String(await onceOf(client, 'data')), 'through')
  }))

test('a header in single bytes, with TLS right behind it', () =>
  withProxy(['127.0.0.1'], async (fixture) => {
    const header = proxyHeader({ ipv6Hex: '20010db8000000000000000000000009', port: 7, tlv: Buffer.from([4, 0, 1, 0]) })
    const opening = fixture.handler.nextOpen()
    await connectThrough(
      fixture,
      Array.from(header, (byte) => Buffer.from([byte])),
    )
    assert.deepEqual((await opening).remote, { address: '2001:db8::9', port: 7 })
  }))

test('LOCAL: the balancer itself', () =>
  withProxy(['127.0.0.1'], async (fixture) => {
    const opening = fixture.handler.nextOpen()
    await connectThrough(fixture, [proxyHeader({ command: 0, family: 0, block: Buffer.alloc(0) })])
    assert.equal((await opening).remote.address, '127.0.0.1')
  }))

test('from a listed address TLS without a header is refused', () =>
  withProxy(['127.0.0.1'], async (fixture) => {
    await onceOf(fixture.tlsClient(), 'close')
    await fixture.metrics.refusedWith('GH-EDGE-PROXY-INVALID')
    assert.equal(fixture.handler.opened.length, 0)
  }))

test('from a listed address a header that does not come is waited for, briefly', () =>
  withProxy(['127.0.0.1'], async (fixture) => {
    const client = fixture.tcpClient()
    await onceOf(client, 'connect')
    client.write(proxyHeader({ address: '192.0.2.7', port: 1 }).subarray(0, 20))
    while (fixture.listener.pendingCount === 0) await new Promise((resolve) => setImmediate(resolve))
    fixture.clock.advance(4_000)
    await fixture.metrics.refusedWith('GH-EDGE-PROXY-TIMEOUT')
  }))

test('from any other address a header is refused, and TLS without one is fine', () =>
  withProxy(['192.0.2.0/24'], async (fixture) => {
    const client = await connectThrough(fixture, [proxyHeader({ address: '192.0.2.7', port: 1 })])
    await fixture.metrics.refusedWith('GH-EDGE-PROXY-REFUSED')
    client.destroy()
    const { connection } = await fixture.openPair()
    assert.equal(connection.remote.address, '127.0.0.1')
  }))

test('a CIDR that is none is told at once', () => {
  assert.throws(() => new EdgeFixture({ listener: { proxyProtocolFrom: ['10.0.0.0/99'] } }), { code: 'GH-EDGE-CONFIG' })
})
