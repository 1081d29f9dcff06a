import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { connectNatsBus } from '@gatehouse/bus'
import { TcpProxy } from '../chaos/tcp-proxy.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { startNats } from '../peers-kit/nats-server.ts'
import { withRack } from '../peers-kit/peer-rack.ts'

const TEN_MINUTES_MS = 600_000
/** Far more than a reconnect takes, far less than the clock was moved by. */
const RECONNECT_LIMIT_MS = 60_000

test(
  'the clock is set back between two losses of the connection: the bus is there again all the same',
  { skip: skipWithout('nats-server') },
  withRack('bus-clock', async (rack) => {
    const nats = rack.add(await startNats(rack.path('nats')))
    const wire = rack.add(new TcpProxy('to nats-server', Number(nats.server.split(':').at(-1))))
    await wire.start()
    const bus = await connectNatsBus({ servers: [`127.0.0.1:${wire.port}`], name: 'clock' })
    rack.onStop(() => bus.close(100))
    const becomes = (isConnected: boolean): Promise<void> =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`not within ${RECONNECT_LIMIT_MS} ms: connected ${isConnected}`)),
          RECONNECT_LIMIT_MS,
        )
        const done = (): void => {
          clearTimeout(timer)
          resolve()
        }
        if (bus.status().isConnected === isConnected) return done()
        bus.onStatus((status) => status.isConnected === isConnected && done())
      })
    const loseAndFind = async (): Promise<void> => {
      wire.cut()
      await becomes(false)
      wire.heal()
      await becomes(true)
    }
    const now = Date.now
    const ahead = mock.method(Date, 'now', () => now() + TEN_MINUTES_MS)
    try {
      await loseAndFind()
    } finally {
      ahead.mock.restore()
    }
    await loseAndFind()
    assert.ok(bus.status().isConnected)
  }),
)
