// One replica of public-im-bridge in a process of its own, over NATS, with the policy of the rig and a network that only tests have.
// Arguments: host:port of the NATS server, name of the replica, public key file of the policy, port of the chat server, then the users
// whose accounts it links.
import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ConnectorFactory } from '@gatehouse/bridge-kit'
import { connectNatsBus } from '@gatehouse/bus'
import { SnapshotFollower } from '@gatehouse/policy-follow'
import { bridgeConfigOf, buildPublicImBridge } from '@gatehouse/public-im-bridge'
import { createLogger, MetricsRegistry } from '@gatehouse/telemetry'
import { tcpChat } from '../bridge/tcp-chat.ts'

const [nats = '', replica = '', keyFile = '', port = '0', ...users] = process.argv.slice(2)
const bus = await connectNatsBus({ servers: [nats], name: replica })
const log = createLogger({ service: replica, level: 'info', destination: process.stderr })
const connectors = [tcpChat as unknown as ConnectorFactory<never>]
const config = bridgeConfigOf(connectors).parse({ replica, networks: { chat: { protocol: 'tcpchat', settings: { port: Number(port) } } } })
const policy = new SnapshotFollower({
  bus,
  publicKeys: [createPublicKey(readFileSync(keyFile))],
  service: 'public-im-bridge',
  replica,
  log,
  nowMs: Date.now,
  maxStalenessMs: config.policy.maxStalenessMs,
})
// The same in every replica, so that each can open what another has sealed.
const sealKey = new Uint8Array(32).fill(5)
const bridge = buildPublicImBridge(config, { bus, policy, log, metrics: new MetricsRegistry(), connectors, sealKey })
await policy.start()
await bridge.start()
for (const user of users) {
  const request = { network: 'chat', owner: `${user}@contoso.example`, login: user, secret: 's', settings: {}, author: 'test' }
  try {
    await bridge.handlers.linkAccount({ $typeName: 'gatehouse.v1.LinkAccountRequest', ...request })
  } catch (thrown) {
    // Linked by this replica before it was killed.
    log.info({ user, problem: String(thrown) }, 'not linked again')
  }
}
process.stdout.write('bridge ready\n')
process.once('SIGTERM', () => {
  void bridge
    .stop()
    .then(() => policy.stop())
    .then(() => bus.close(1_000))
    .then(() => process.exit(0))
})
