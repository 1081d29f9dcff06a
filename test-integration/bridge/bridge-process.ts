// One replica of public-im-bridge in a process of its own, over NATS, with a policy that lets everything pass and no archive: what the take-over test kills.
// Arguments: host:port of the NATS server, name of the replica, port of the chat server.
import { createInterface } from 'node:readline'
import type { ConnectorFactory } from '@gatehouse/bridge-kit'
import { connectNatsBus } from '@gatehouse/bus'
import { compileSnapshot, type PolicyObject } from '@gatehouse/policy-engine'
import { internal, network, settings } from '@gatehouse/policy-engine/test'
import { bridgeConfigOf, buildPublicImBridge } from '@gatehouse/public-im-bridge'
import { createLogger, MetricsRegistry } from '@gatehouse/telemetry'
import { tcpChat } from './tcp-chat.ts'

const takeOverPolicy: readonly PolicyObject[] = [
  internal('contoso.example'),
  { kind: 'Archiving', name: 'archiving', spec: { duty: 'off' } as never },
  settings(),
  network('chat', { protocol: 'tcpchat', domains: ['chat.example'], kinds: ['message'] }),
]
const [nats = '', replica = '', port = '0'] = process.argv.slice(2)
const bus = await connectNatsBus({ servers: [nats], name: replica })
const log = createLogger({ service: replica, level: 'debug', destination: process.stderr })
const connectors = [tcpChat as unknown as ConnectorFactory<never>]
const config = bridgeConfigOf(connectors).parse({ replica, networks: { chat: { protocol: 'tcpchat', settings: { port: Number(port) } } } })
const snapshot = compileSnapshot({ format: 'gatehouse-snapshot/1', revision: 1, issuedAtMs: 0, objects: takeOverPolicy })
const policy = { current: () => snapshot }
const sealKey = new Uint8Array(32).fill(5)
const bridge = buildPublicImBridge(config, { bus, policy, log, metrics: new MetricsRegistry(), connectors, sealKey })
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
    .then(() => bus.close(1_000))
    .then(() => process.exit(0))
})
