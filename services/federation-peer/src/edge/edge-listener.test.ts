import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Authority, selfSigned } from '@gatehouse/lab'

import { EdgeFixture, identityOf, onceOf, readAll } from './testing/edge-fixture.ts'

async function withFixture(
  options: ConstructorParameters<typeof EdgeFixture>[0],
  run: (fixture: EdgeFixture) => Promise<void>,
): Promise<void> {
  const fixture = await new EdgeFixture(options).start()
  try {
    await run(fixture)
  } finally {
    await fixture.stop()
  }
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`${version}: a peer is judged by the chain it presented, then speaks`, () =>
    withFixture({}, async (fixture) => {
      fixture.handler.isEcho = true
      const { client, connection } = await fixture.openPair({ minVersion: version, maxVersion: version })
      assert.equal(connection.tlsVersion, version)
      assert.equal(connection.peer.isAuthenticated, true)
      assert.deepEqual(connection.peer.names.dns, ['sip.fabrikam.example'])
      assert.equal(connection.remote.address, '127.0.0.1')
      assert.equal(connection.remote.port, client.localPort)
      assert.deepEqual(
        fixture.validator.seen[0]?.map((der) => Buffer.from(der)),
        EdgeFixture.partner.chainDer.map((der) => Buffer.from(der)),
      )
      client.write('ping')
      assert.equal(String(await onceOf(client, 'data')), 'ping')
      client.end()
      assert.equal(await fixture.handler.closedReason(connection), 'GH-EDGE-PEER-CLOSED')
    }))

  test(`${version}: intermediates sent out of order, with a stranger among them, all reach the validator`, () =>
    withFixture({}, async (fixture) => {
      const middle = EdgeFixture.intermediate.intermediate({ name: 'Fixture Lower' })
      const leaf = middle.issue({ dns: ['sip.odd.example'] })
      const stranger = Authority.create({ name: 'Stranger' })
      const presented = [leaf.certPem, stranger.certPem, EdgeFixture.intermediate.certPem, middle.certPem]
      const { connection } = await fixture.openPair({
        cert: presented.join(''),
        key: leaf.keyPem,
        minVersion: version,
        maxVersion: version,
      })
      assert.equal(connection.peer.isAuthenticated, true)
      const expected = [leaf.der, stranger.der, EdgeFixture.intermediate.der, middle.der]
      assert.deepEqual(
        fixture.validator.seen[0]?.map((der) => Buffer.from(der)),
        expected.map((der) => Buffer.from(der)),
      )
    }))

  test(`${version}: a session is never resumed`, () =>
    withFixture({}, async (fixture) => {
      fixture.handler.isEcho = true
      const first = fixture.tlsClient({ minVersion: version, maxVersion: version })
      const sessions: Buffer[] = []
      first.on('session', (session) => sessions.push(session))
      first.write('x')
      await onceOf(first, 'data')
      const session = sessions.at(-1) ?? first.getSession()
      assert.ok(session !== undefined)
      if (version === 'TLSv1.2') assert.equal(first.getTLSTicket(), undefined)
      const second = fixture.tlsClient({ minVersion: version, maxVersion: version, session })
      second.write('x')
      await onceOf(second, 'data')
      assert.equal(second.isSessionReused(), false)
      assert.equal(fixture.validator.seen[1]?.length, 2)
    }))
}

test('a peer without a certificate, and one with an unknown issuer, are opened as not authenticated', () =>
  withFixture({}, async (fixture) => {
    const { connection: bare } = await fixture.openPair({ cert: undefined, key: undefined })
    assert.deepEqual([bare.peer.isAuthenticated, bare.peer.refusal?.detail], [false, 'no certificate'])
    const stranger = selfSigned({ dns: ['sip.contoso.example'] })
    const { connection: unknown } = await fixture.openPair({ cert: stranger.certPem, key: stranger.keyPem })
    assert.deepEqual([unknown.peer.isAuthenticated, unknown.peer.refusal?.detail], [false, 'unknown issuer'])
  }))

test('TLS 1.1 is refused', () =>
  withFixture({}, async (fixture) => {
    const client = fixture.tlsClient({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' })
    await onceOf(client, 'close')
    await fixture.metrics.refusedWith('GH-EDGE-HANDSHAKE-FAILED')
    assert.equal(fixture.handler.opened.length, 0)
  }))

test('renegotiation is refused and ends the connection', () =>
  withFixture({}, async (fixture) => {
    const { client, connection } = await fixture.openPair({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })
    const refused = new Promise<Error | null>((resolve) => client.renegotiate({}, resolve))
    const ended = onceOf(client, 'error')
    assert.match(String((await Promise.race([refused, ended])) as Error), /no renegotiation/)
    client.destroy()
    await fixture.handler.closedReason(connection)
    assert.equal(fixture.validator.seen.length, 1)
  }))

test('something that is not TLS is refused at once', () =>
  withFixture({}, async (fixture) => {
    const client = fixture.tcpClient()
    client.write('OPTIONS sip:sip.contoso.example SIP/2.0\r\n\r\n')
    await fixture.metrics.refusedWith('GH-EDGE-HANDSHAKE-FAILED')
    assert.equal(fixture.listener.pendingCount, 0)
  }))

test('a handshake that is not finished in time is ended, byte by byte or silent', () =>
  withFixture({}, async (fixture) => {
    const silent = fixture.tcpClient()
    const slow = fixture.tcpClient()
    await Promise.all([onceOf(silent, 'connect'), onceOf(slow, 'connect')])
    const closed = [readAll(silent), readAll(slow)]
    // Sent and taken before the clock moves: the listener sees both connections and the first bytes of a ClientHello.
    slow.write(Buffer.from([0x16, 0x03, 0x01]))
    while (fixture.listener.pendingCount < 2) await new Promise((resolve) => setImmediate(resolve))
    fixture.clock.advance(9_000)
    slow.write(Buffer.from([0x02]))
    fixture.clock.advance(2_000)
    await Promise.all(closed)
    await fixture.metrics.refusedWith('GH-EDGE-HANDSHAKE-TIMEOUT', 2)
    assert.equal(fixture.listener.pendingCount, 0)
  }))

test('a flood of handshakes is bounded, and those who are let in still get through', () =>
  withFixture({ limits: { maxPendingHandshakes: 5 } }, async (fixture) => {
    const clients = Array.from({ length: 20 }, () => fixture.tcpClient())
    await fixture.metrics.refusedWith('GH-EDGE-TOO-MANY-HANDSHAKES', 15)
    assert.equal(fixture.listener.pendingCount, 5)
    for (const client of clients) client.destroy()
    await fixture.metrics.refusedWith('GH-EDGE-HANDSHAKE-FAILED', 5)
    const { connection } = await fixture.openPair()
    assert.equal(connection.isOpen, true)
  }))

test('connections are counted in total and per address, and places come back', () =>
  withFixture({ limits: { maxConnectionsPerAddress: 2, maxConnections: 3 } }, async (fixture) => {
    const { client } = await fixture.openPair()
    await fixture.openPair()
    await onceOf(fixture.tlsClient(), 'close')
    await fixture.metrics.refusedWith('GH-EDGE-TOO-MANY-FROM-ADDRESS')
    await fixture.openPair({ localAddress: '127.0.0.2' })
    await onceOf(fixture.tlsClient({ localAddress: '127.0.0.3' }), 'close')
    await fixture.metrics.refusedWith('GH-EDGE-TOO-MANY-CONNECTIONS')
    client.destroy()
    await fixture.handler.until(() => fixture.handler.closed.length === 1)
    const { connection } = await fixture.openPair()
    assert.equal(connection.isOpen, true)
    fixture.clock.advance(1_000)
    const line = fixture.log.lines.find((entry) => entry.text === 'connections refused')
    assert.deepEqual(line?.facts['refused'], { 'GH-EDGE-TOO-MANY-FROM-ADDRESS': 1, 'GH-EDGE-TOO-MANY-CONNECTIONS': 1 })
  }))

test('who connects too often has to wait', () =>
  withFixture({ limits: { connectBurstPerAddress: 2, connectPerSecondPerAddress: 1 } }, async (fixture) => {
    for (let count = 0; count < 2; count += 1) (await fixture.openPair()).client.destroy()
    await onceOf(fixture.tlsClient(), 'close')
    await fixture.metrics.refusedWith('GH-EDGE-CONNECT-RATE')
    fixture.clock.advance(1_000)
    assert.equal((await fixture.openPair()).connection.isOpen, true)
  }))

test('a peer that never says anything is closed, one that fell silent later', () =>
  withFixture({ limits: { firstDataTimeoutMs: 5_000, idleTimeoutMs: 60_000 } }, async (fixture) => {
    const { connection: mute, client: muteClient } = await fixture.openPair()
    const { connection: quiet, client: quietClient } = await fixture.openPair()
    muteClient.resume()
    quietClient.resume()
    quietClient.write('hello')
    await fixture.handler.until(() => fixture.handler.received.has(quiet))
    fixture.clock.advance(6_000)
    assert.equal(await fixture.handler.closedReason(mute), 'GH-EDGE-FIRST-DATA-TIMEOUT')
    assert.equal(quiet.isOpen, true)
    fixture.clock.advance(61_000)
    assert.equal(await fixture.handler.closedReason(quiet), 'GH-EDGE-IDLE')
  }))

test('a new certificate serves new connections; open ones live on', () =>
  withFixture({}, async (fixture) => {
    fixture.handler.isEcho = true
    const { client: older } = await fixture.openPair()
    const renewed = EdgeFixture.intermediate.issue({ dns: ['sip.contoso.example'] })
    fixture.identity = identityOf(renewed)
    const { client: newer } = await fixture.openPair()
    assert.equal(older.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase(), EdgeFixture.own.fingerprint)
    assert.equal(newer.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase(), renewed.fingerprint)
    older.write('still here')
    assert.equal(String(await onceOf(older, 'data')), 'still here')
  }))

test('after a change of CRLs the revoked peer is cut and the others keep their link', () =>
  withFixture({}, async (fixture) => {
    const other = EdgeFixture.intermediate.issue({ dns: ['sip.other.example'] })
    const { connection: good } = await fixture.openPair()
    const { connection: revoked } = await fixture.openPair({ cert: other.chainPem, key: other.keyPem })
    fixture.validator.revokedFingerprints.add(other.fingerprint)
    assert.equal(await fixture.hub.revalidate(fixture.validator), 1)
    assert.equal(await fixture.handler.closedReason(revoked), 'GH-EDGE-NO-LONGER-TRUSTED')
    assert.equal(good.isOpen, true)
    assert.ok(fixture.log.lines.some((line) => line.facts['detail'] === 'revoked'))
  }))

test('a hand-over takes no new connections and closes open ones when they are quiet; stop closes the rest', () =>
  withFixture({}, async (fixture) => {
    fixture.handler.isEcho = true
    const { client, connection } = await fixture.openPair()
    const { connection: busy } = await fixture.openPair()
    let isBusy = true
    const handedOver = fixture.listener.handOver(10_000, (each) => each !== busy && !isBusy)
    const pass = async (ms: number): Promise<void> => {
      fixture.clock.advance(ms)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const refused = fixture.tcpClient()
    assert.equal(((await onceOf(refused, 'error')) as NodeJS.ErrnoException).code, 'ECONNREFUSED')
    client.write('in flight')
    assert.equal(String(await onceOf(client, 'data')), 'in flight')
    isBusy = false
    await pass(1_000)
    assert.equal(connection.isOpen, true, 'its turn is later')
    isBusy = true
    await pass(5_000)
    assert.equal(connection.isOpen, true, 'it is busy')
    isBusy = false
    await pass(100)
    assert.equal(await fixture.handler.closedReason(connection), 'GH-EDGE-DRAINING')
    await pass(5_000)
    await handedOver
    assert.equal(busy.isOpen, true)
    const stopped = fixture.listener.stop()
    assert.equal(await fixture.handler.closedReason(busy), 'GH-EDGE-DRAINING')
    await stopped
  }))

test('a hundred idle connections stay small (loosely: both ends are in this process)', () =>
  withFixture({ limits: { maxConnectionsPerAddress: 1_000, connectBurstPerAddress: 1_000 } }, async (fixture) => {
    const before = process.memoryUsage.rss()
    for (let opened = 0; opened < 100; opened += 50)
      await Promise.all(Array.from({ length: 50 }, () => onceOf(fixture.tlsClient(), 'secureConnect')))
    await fixture.handler.until(() => fixture.handler.opened.length === 100)
    assert.equal(fixture.hub.openCount, 100)
    const kibPerConnection = (process.memoryUsage.rss() - before) / 100 / 1024
    assert.ok(kibPerConnection < 300, `${kibPerConnection.toFixed(0)} KiB per connection`)
  }))
