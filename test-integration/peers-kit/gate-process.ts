// One federation-peer in a process of its own, with the embedded bus and a policy read once from a file: what the tests and the bench
// need of a whole gateway, without its control plane. Order: JSON file named on the command line. Logs: JSON lines on standard error.
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { create } from '@bufbuild/protobuf'
import { type ArchiveService, archiveConfig, buildArchiveService } from '@gatehouse/archive'
import { type Bus, connectNatsBus, createEmbeddedBus, openWorkFile } from '@gatehouse/bus'
import { buildFederationPeer, federationPeerConfig } from '@gatehouse/federation-peer'
import { Outboxes } from '@gatehouse/outbox'
import { parsePolicy } from '@gatehouse/policy-document'
import { compileSnapshot, type PolicyObject, type Snapshot } from '@gatehouse/policy-engine'
import { RetryOutboxRequestSchema } from '@gatehouse/proto'
import { buildPublicImBridge, connectors, type PublicImBridge, publicImBridgeConfig } from '@gatehouse/public-im-bridge'
import { createLogger, hashedWords, MetricsRegistry, noTracing, otlpSpanExporter, Tracing } from '@gatehouse/telemetry'
import type { GateOrder } from './gate.ts'
import { LoopWatch } from './loop-watch.ts'
import { serveNetworkDouble } from './network-double.ts'

const order = JSON.parse(readFileSync(process.argv[2] as string, 'utf8')) as GateOrder
let snapshot = readSnapshot(order, 1)
const bus = await openBus(order)
const log = createLogger({ service: 'federation-peer', level: order.logLevel ?? 'debug', destination: process.stderr })
const metrics = new MetricsRegistry()
const tracing = openTracing(order)
const quick = { backOffBaseMs: 200, backOffCapMs: 1_000, lookMs: 250 }
const outboxes = order.outbox === undefined ? undefined : new Outboxes({ bus, metrics, log, options: quick })
let archive: ArchiveService | undefined
if (order.archive !== undefined) {
  mkdirSync(order.archive.folder, { recursive: true })
  archive = buildArchiveService(archiveConfig.parse({ databaseFile: join(order.archive.folder, 'archive.sqlite') }), { bus, log, metrics })
  await archive.start()
}
if (order.hasNetworkDouble === true) await serveNetworkDouble(bus)
const peer = buildFederationPeer(federationPeerConfig.parse(order.config), {
  bus,
  policy: { current: () => snapshot },
  outboxes,
  log,
  metrics,
  tracer: tracing.tracer('federation-peer', 'gate'),
})
const bound = await peer.start()
let bridge: PublicImBridge | undefined
if (order.bridge !== undefined) {
  const config = publicImBridgeConfig.parse(order.bridge)
  const sealKey = Buffer.alloc(32, 7)
  bridge = buildPublicImBridge(config, { bus, policy: { current: () => snapshot }, log, metrics, connectors, sealKey, outboxes })
  await bridge.start()
}
process.stdout.write(`gate ready ${JSON.stringify(bound)}\n`)
// For whoever measures: what kept the event loop from its work since it was last asked.
const watch = new LoopWatch()
process.on('SIGUSR2', () => process.stdout.write(`gate pauses ${JSON.stringify(watch.take())}\n`))
process.on('SIGHUP', () => {
  snapshot = readSnapshot(JSON.parse(readFileSync(process.argv[2] as string, 'utf8')) as GateOrder, snapshot.revision + 1)
  log.info({ code: 'TEST-POLICY-READ' }, 'policy read again')
  void outboxes?.retryOutbox(create(RetryOutboxRequestSchema))
})
process.once('SIGTERM', () => {
  void Promise.all([peer.stop(), bridge?.stop()])
    .then(() => archive?.stop())
    .then(() => outboxes?.close())
    .then(() => bus.close(100))
    .then(() => tracing.stop())
    .then(() => process.exit(0))
})

function openTracing({ traces }: GateOrder): Pick<Tracing, 'tracer' | 'stop'> {
  if (traces === undefined) return noTracing
  const sampling = { ratio: traces.ratio, failuresPerSecond: 10 }
  return new Tracing(
    { sampling, words: hashedWords('a key for tests'), version: 'test' },
    { exporter: otlpSpanExporter({ endpoint: traces.endpoint, headers: () => ({}), timeoutMs: 5_000 }), onExported: () => undefined },
  )
}

function readSnapshot({ policy: text, queueMaxAgeMs }: GateOrder, revision: number): Snapshot {
  const policy = parsePolicy([{ name: 'policy.yaml', text }], { nowMs: Date.now() })
  if (!policy.isValid) throw new Error(`the test's policy is not valid: ${JSON.stringify(policy.problems)}`)
  const objects = queueMaxAgeMs === undefined ? policy.objects : policy.objects.map((object) => withMaxAge(object, queueMaxAgeMs))
  return compileSnapshot({ format: 'gatehouse-snapshot/1', revision, issuedAtMs: Date.now(), objects })
}

function withMaxAge(object: PolicyObject, maxAgeMs: number): PolicyObject {
  if (!('queue' in object.spec) || object.spec.queue === undefined) return object
  return { ...object, spec: { ...object.spec, queue: { ...object.spec.queue, maxAgeMinutes: maxAgeMs / 60_000 } } } as PolicyObject
}

async function openBus({ natsServer, natsMonitor, outbox }: GateOrder): Promise<Bus> {
  if (natsServer === undefined) return createEmbeddedBus(outbox === undefined ? {} : { work: openWorkFile(outbox.file) })
  return await connectNatsBus({ servers: [natsServer], name: 'gate', monitors: natsMonitor === undefined ? [] : [natsMonitor] })
}
