import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { connect } from 'node:tls'

import type { EdgeConnection } from './connection.ts'
import { EdgeFixture, onceOf, readAll } from './testing/edge-fixture.ts'

async function withFixture(limits: object, run: (fixture: EdgeFixture) => Promise<void>): Promise<void> {
  const fixture = await new EdgeFixture({ limits }).start()
  try {
    await run(fixture)
  } finally {
    await fixture.stop()
  }
}

test('what is written in one turn goes out as one record, heads as latin1 and bodies as they are', () =>
  withFixture({}, async (fixture) => {
    const { client, connection } = await fixture.openPair()
    const body = new Uint8Array([0, 0xc3, 0xa9, 0xff])
    for (let index = 0; index < 50; index += 1) connection.write('h\u00e9ad\r\n', body)
    assert.equal(connection.bufferedBytes, 50 * 10)
    const [chunk] = (await Promise.all([onceOf(client, 'data')])) as [Buffer]
    assert.equal(chunk.length, 500)
    assert.deepEqual(chunk.subarray(0, 10), Buffer.from([0x68, 0xe9, 0x61, 0x64, 0x0d, 0x0a, 0, 0xc3, 0xa9, 0xff]))
    connection.write('alone', undefined)
    assert.equal(String(await onceOf(client, 'data')), 'alone')
  }))

test('close sends what was written before, and nothing after', () =>
  withFixture({}, async (fixture) => {
    const { client, connection } = await fixture.openPair()
    const received = readAll(client)
    connection.write('last words', undefined)
    connection.close('test-over')
    assert.equal(connection.isOpen, false)
    assert.equal(connection.write('too late', undefined), true)
    assert.equal(await received, 'last words')
    assert.equal(await fixture.handler.closedReason(connection), 'test-over')
    assert.equal(fixture.handler.closed.length, 1)
  }))

test('a peer that does not end after our end is cut', () =>
  withFixture({}, async (fixture) => {
    const { client, connection } = await fixture.openPair()
    client.pause()
    connection.write('x'.repeat(200_000), undefined)
    connection.close('test-over')
    fixture.clock.advance(4_000)
    assert.equal(fixture.handler.closed.length, 0)
    fixture.clock.advance(2_000)
    assert.equal(await fixture.handler.closedReason(connection), 'test-over')
  }))

/** Writes until `write` says to stop. */
function fill(connection: EdgeConnection): number {
  let rounds = 1
  while (connection.write('x'.repeat(65_536), undefined)) rounds += 1
  return rounds
}

/** Kernel buffers take megabytes on loopback: writes, turn by turn, until nothing moves any more. */
async function fillKernel(connection: EdgeConnection): Promise<void> {
  let before = -1
  while (connection.bufferedBytes !== before) {
    if (connection.bufferedBytes < 262_144) fill(connection)
    before = connection.bufferedBytes
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }
}

test('above the high mark write says so, and onDrain tells when it is over', () =>
  withFixture({}, async (fixture) => {
    const { client, connection } = await fixture.openPair()
    client.pause()
    await fillKernel(connection)
    assert.equal(connection.write('y', undefined), false)
    const drainedBefore = fixture.handler.drained.length
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(fixture.handler.drained.length, drainedBefore)
    client.resume()
    await fixture.handler.until(() => fixture.handler.drained.length > drainedBefore)
    assert.equal(connection.write('z', undefined), true)
    assert.equal(connection.isOpen, true)
  }))

test('a receiver that never reads is cut after the stall time, not before', () =>
  withFixture({ writeStallTimeoutMs: 20_000 }, async (fixture) => {
    const { client, connection } = await fixture.openPair()
    client.pause()
    await fillKernel(connection)
    fixture.clock.advance(15_000)
    assert.equal(connection.isOpen, true)
    fixture.clock.advance(7_000)
    assert.equal(await fixture.handler.closedReason(connection), 'GH-EDGE-WRITE-STALLED')
  }))

test('a feeder that ignores the high mark cannot make memory grow', () =>
  withFixture({ writeHighBytes: 65_536, writeHardBytes: 262_144 }, async (fixture) => {
    const { client, connection } = await fixture.openPair()
    client.pause()
    let written = 0
    while (connection.isOpen) {
      connection.write('x'.repeat(16_384), undefined)
      written += 16_384
    }
    assert.equal(connection.bufferedBytes, 0)
    assert.ok(written <= 8_388_608, `${written} bytes were taken`)
    assert.equal(await fixture.handler.closedReason(connection), 'GH-EDGE-WRITE-OVERFLOW')
  }))

test('reading stops while anybody wants it stopped', () =>
  withFixture({}, async (fixture) => {
    const { client, connection } = await fixture.openPair()
    connection.pause('transactions')
    connection.pause('archive')
    connection.pause('archive')
    client.write('hello')
    connection.resume('archive')
    connection.resume('never paused')
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(fixture.handler.received.has(connection), false)
    connection.resume('transactions')
    await fixture.handler.until(() => fixture.handler.received.has(connection))
    assert.equal(fixture.handler.text(connection), 'hello')
  }))

test('a paused connection is not idle', () =>
  withFixture({ idleTimeoutMs: 10_000, firstDataTimeoutMs: 10_000 }, async (fixture) => {
    const { connection } = await fixture.openPair()
    connection.pause('archive')
    fixture.clock.advance(30_000)
    assert.equal(connection.isOpen, true)
    connection.resume('archive')
    fixture.clock.advance(11_000)
    assert.equal(connection.isOpen, false)
  }))

/** A connection whose TCP socket the test holds. */
async function openOver(fixture: EdgeFixture): Promise<{ raw: Socket; connection: EdgeConnection }> {
  const raw = fixture.tcpClient()
  const { chainPem, keyPem } = EdgeFixture.partner
  const opening = fixture.handler.nextOpen()
  connect({ socket: raw, cert: chainPem, key: keyPem, rejectUnauthorized: false, maxVersion: 'TLSv1.2' }).on('error', () => {})
  return { raw, connection: await opening }
}

test('a broken TLS record ends the connection', () =>
  withFixture({}, async (fixture) => {
    const { raw, connection } = await openOver(fixture)
    // Past the TLS layer of the client: an application record that nothing decrypts.
    raw.write(Buffer.from('170303001400000000000000000000000000000000000000000', 'hex'))
    assert.equal(await fixture.handler.closedReason(connection), 'GH-EDGE-TLS-ERROR')
  }))
