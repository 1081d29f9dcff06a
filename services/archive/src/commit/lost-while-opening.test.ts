import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createEmbeddedBus } from '@gatehouse/bus'
import { MetricsRegistry, silentLogger } from '@gatehouse/telemetry'
import { buildArchiveService } from '../app.ts'
import { archiveConfig } from '../config.ts'

/** AuthenticationOk and ReadyForQuery. */
const WELCOME = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49])

/** Not a PostgreSQL server: one that lets in and is gone with the first question, as one that goes into recovery is. Counts them. */
async function startGoingServer(onGone: () => void): Promise<{ readonly port: number; stop(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let hasBegun = false
    socket.on('error', () => {})
    socket.on('data', () => {
      if (hasBegun) socket.destroy()
      else socket.write(WELCOME)
      hasBegun = true
    })
    socket.once('close', () => sockets.delete(socket) && onGone())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = (): void => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { port: (server.address() as AddressInfo).port, stop }
}

test('a database that goes away while the archive connects ends nothing: it says so, and tries again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-archive-lost-'))
  let gone = 0
  let onThird = (): void => {}
  const third = new Promise<void>((resolve) => {
    onThird = resolve
  })
  const server = await startGoingServer(() => {
    gone++
    if (gone === 3) onThird()
  })
  writeFileSync(join(folder, 'url'), `postgres://gatehouse:x@127.0.0.1:${server.port}/archive`)
  const bus = createEmbeddedBus()
  const config = archiveConfig.parse({ databaseFile: join(folder, 'archive'), postgres: { urlFile: join(folder, 'url') } })
  const service = buildArchiveService(config, { bus, log: silentLogger, metrics: new MetricsRegistry() })
  try {
    await service.start()
    assert.equal(service.health().isReady, false)
    await third
    assert.match(JSON.stringify(service.health().checks), /GH-ARCHIVE-DATABASE/)
  } finally {
    await service.stop()
    await bus.close(100)
    server.stop()
    rmSync(folder, { recursive: true })
  }
})
