// One replica of public-im-bridge in a process of its own, over NATS, with a policy that lets everything pass and no archive: what the tests of
// this folder kill and restart. Argument: a BridgeOrder as JSON.
import { createInterface } from 'node:readline'
import type { ConnectorFactory } from '@gatehouse/bridge-kit'
import { connectNatsBus } from '@gatehouse/bus'
import { Outboxes } from '@gatehouse/outbox'
import { compileSnapshot, type PolicyObject } from '@gatehouse/policy-engine'
import { internal, settings } from '@gatehouse/policy-engine/test'
import { bridgeConfigOf, buildPublicImBridge, xmpp } from '@gatehouse/public-im-bridge'
import { createLogger, MetricsRegistry } from '@gatehouse/telemetry'
import type { BridgeOrder } from './bridge-order.ts'
import { tcpChat } from './tcp-chat.ts'

const openPolicy: readonly PolicyObject[] = [
  internal('contoso.example'),
  { kind: 'Archiving', name: 'archiving', spec: { duty: 'off' } as never },
  settings(),
]
const { nats, replica, bridge: section, networks, hasOutbox } = JSON.parse(process.argv[2] ?? '{}') as BridgeOrder
const bus = await connectNatsBus({ servers: [nats.server], monitors: [nats.monitor], name: replica })
const log = createLogger({ service: replica, level: 'debug', destination: process.stderr })
const connectors = [tcpChat, xmpp] as unknown as readonly ConnectorFactory<never>[]
const config = bridgeConfigOf(connectors).parse({ replica, ...section })
const snapshot = compileSnapshot({ format: 'gatehouse-snapshot/1', revision: 1, issuedAtMs: 0, objects: [...openPolicy, ...networks] })
const policy = { current: () => snapshot }
const sealKey = new Uint8Array(32).fill(5)
const metrics = new MetricsRegistry()
const outboxes = hasOutbox ? new Outboxes({ bus, metrics: new MetricsRegistry(), log }) : undefined
const bridge = buildPublicImBridge(config, { bus, policy, log, metrics, connectors, sealKey, outboxes })
await bridge.start()
process.stdout.write('bridge ready\n')
// "link LOGIN": as the command line does, so that the test needs no gRPC
createInterface({ input: process.stdin }).on('line', (line) => {
  const [word, login = ''] = line.split(' ')
  if (word !== 'link') return
  const request = { network: 'chat', owner: `${login}@contoso.example`, login, secret: 's', settings: {}, author: 'test' }
  void bridge.handlers.linkAccount({ $typeName: 'gatehouse.v1.LinkAccountRequest', ...request })
})
process.once('SIGTERM', () => {
  void bridge
    .stop()
    .then(() => outboxes?.close())
    .then(() => bus.close(1_000))
    .then(() => process.exit(0))
})
