// One federation-peer in a process of its own, with the embedded bus and a policy read once from a file: what the tests and the bench
// need of a whole gateway, without its control plane. Order: JSON file named on the command line. Logs: JSON lines on standard error.
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type ArchiveService, archiveConfig, buildArchiveService } from '@gatehouse/archive'
import { connectNatsBus, createEmbeddedBus } from '@gatehouse/bus'
import { buildFederationPeer, federationPeerConfig } from '@gatehouse/federation-peer'
import { parsePolicy } from '@gatehouse/policy-document'
import { compileSnapshot } from '@gatehouse/policy-engine'
import { createLogger, MetricsRegistry } from '@gatehouse/telemetry'
import type { GateOrder } from './gate.ts'

const order = JSON.parse(readFileSync(process.argv[2] as string, 'utf8')) as GateOrder
const policy = parsePolicy([{ name: 'policy.yaml', text: order.policy }], { nowMs: Date.now() })
if (!policy.isValid) throw new Error(`the test's policy is not valid: ${JSON.stringify(policy.problems)}`)
const snapshot = compileSnapshot({ format: 'gatehouse-snapshot/1', revision: 1, issuedAtMs: Date.now(), objects: policy.objects })
const bus = order.natsServer === undefined ? createEmbeddedBus() : await connectNatsBus({ servers: [order.natsServer], name: 'gate' })
const log = createLogger({ service: 'federation-peer', level: order.logLevel ?? 'debug', destination: process.stderr })
const metrics = new MetricsRegistry()
let archive: ArchiveService | undefined
if (order.archive !== undefined) {
  mkdirSync(order.archive.folder, { recursive: true })
  archive = buildArchiveService(archiveConfig.parse({ databaseFile: join(order.archive.folder, 'archive.sqlite') }), { bus, log, metrics })
  await archive.start()
}
const peer = buildFederationPeer(federationPeerConfig.parse(order.config), {
  bus,
  policy: { current: () => snapshot },
  log,
  metrics,
})
const bound = await peer.start()
process.stdout.write(`gate ready ${JSON.stringify(bound)}\n`)
// For whoever measures: how late the event loop was since it was last asked.
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()
process.on('SIGUSR2', () => {
  process.stdout.write(`event loop delay p99 ms ${Math.max(0, delay.percentile(99) / 1e6 - 5).toFixed(2)}\n`)
  delay.reset()
})
process.once('SIGTERM', () => {
  void peer
    .stop()
    .then(() => archive?.stop())
    .then(() => bus.close(100))
    .then(() => process.exit(0))
})
