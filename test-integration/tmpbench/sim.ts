import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { create } from '@bufbuild/protobuf'
import { archiveConfig, buildArchiveService } from '@gatehouse/archive'
import { ArchiveClient } from '@gatehouse/archive-client'
import { createEmbeddedBus } from '@gatehouse/bus'
import { buildPolicyService } from '@gatehouse/policy'
import { parsePolicy } from '@gatehouse/policy-document'
import { compileSnapshot, DecisionState } from '@gatehouse/policy-engine'
import { ApplyRequestSchema, SimulateRequestSchema } from '@gatehouse/proto'
import { judgeAndRecord } from '@gatehouse/receipt/test'
import { MetricsRegistry, silentLogger } from '@gatehouse/telemetry'

const folder = process.argv[2]!
const COUNT = Number(process.argv[3] ?? 200_000)
const PARTNERS = 200
const object = (kind: string, name: string, spec: object): string => JSON.stringify({ apiVersion: 'gatehouse/v1', kind, metadata: { name }, spec })
const POLICY = [
  object('FederationSettings', 'default', { enabled: true, unverified: { message: 'deliver' } }),
  object('InternalDomain', 'contoso', { domain: 'contoso.example' }),
  ...Array.from({ length: PARTNERS }, (_, at) => object('Partner', `partner${at}`, { domains: [`partner${at}.example`], edge: `sip.partner${at}.example` })),
  ...Array.from({ length: 2000 }, (_, at) => object('BlockEntry', `block${at}`, { domain: `bad${at}.example`, owner: 's', reason: 'spam' })),
].join('\n---\n')
const bus = createEmbeddedBus()
const metrics = new MetricsRegistry()
const fresh = !existsSync(join(folder, 'archive.db'))
mkdirSync(folder, { recursive: true })
const archive = buildArchiveService(archiveConfig.parse({ databaseFile: join(folder, 'archive.db') }), { bus, log: silentLogger, metrics })
await archive.start()
const context = { signal: new AbortController().signal, caller: 'local', remote: '' }
if (fresh) {
  const { objects } = parsePolicy([{ name: 'p', text: POLICY }], { nowMs: Date.now() })
  const snapshot = compileSnapshot({ format: 'gatehouse-snapshot/1', revision: 1, issuedAtMs: 0, objects })
  const setTimer = (run: () => void, ms: number) => { const t = setTimeout(run, ms); return () => clearTimeout(t) }
  const client = new ArchiveClient({ bus, defer: (run) => void setImmediate(run), setTimer }, { timeoutMs: 60_000 })
  const state = new DecisionState()
  const body = 'A message of a hundred bytes or so, as people write them to each other all day long, again and again.'
  const t0 = performance.now()
  for (let start = 0; start < COUNT; start += 2000) {
    if (start % 20000 === 0) console.error(start, Math.round(performance.now() - t0))
    await Promise.all(Array.from({ length: 2000 }, (_, i) => {
      const at = start + i
      const partner = at % PARTNERS
      const judged = judgeAndRecord(snapshot, {
        nowMs: Date.now(), side: 'external', kind: 'message', method: 'MESSAGE',
        fromUser: `user${(at * 7919) % 5000}`, fromDomain: `partner${partner}.example`, toUser: `user${(at * 104_729) % 5000}`, toDomain: 'contoso.example',
        assertedDomains: [`partner${partner}.example`],
        peer: { isAuthenticated: true, refusal: undefined, names: { dns: [`sip.partner${partner}.example`, `partner${partner}.example`], sipDomains: [], commonName: undefined }, anchors: ['public'], mayBeTlsClient: false, fingerprint: partner.toString(16).padStart(64, 'a'), spkiPin: Buffer.alloc(32, partner).toString('base64'), issuer: 'CN=x', serial: '1', notAfterMs: Date.now() + 1e9 },
        bound: { peerClass: 'direct', partner: `partner${partner}` }, assertedMark: 'verified', isInDialog: false, srv: () => undefined,
      }, state, body)
      return new Promise<void>((resolve) => client.append(judged!.record, (o) => { if ((o as any).refusal) console.error(o); resolve() }))
    }))
  }
}
const policy = buildPolicyService({ databaseFile: join(folder, 'policy.db'), heartbeatMs: 30_000, access: [], localRole: 'admin' }, { bus, log: silentLogger, archive: () => archive.handlers })
await policy.start()
await policy.admin.apply(create(ApplyRequestSchema, { files: [{ name: 'p', text: POLICY }], reason: 'x' }), context)
const CHANGE = object('BlockEntry', 'new', { domain: 'partner7.example', owner: 's', reason: 'x' })
for (let round = 0; round < 4; round++) {
  const loop = monitorEventLoopDelay({ resolution: 1 })
  loop.enable()
  const cpu = process.cpuUsage()
  const started = performance.now()
  let last: any
  for await (const step of policy.decision.simulate(create(SimulateRequestSchema, { files: [{ name: 'c', text: CHANGE }] }), context)) last = step
  const ms = performance.now() - started
  const used = process.cpuUsage(cpu)
  loop.disable()
  console.log(JSON.stringify({ judged: Number(last.report.judged), blocked: Number(last.report.newlyBlocked), wallMs: Math.round(ms), perSecond: Math.round(Number(last.report.judged) / ms * 1000), engineUs: Number(last.report.engineUs) / Number(last.report.judged), cpuPerSecond: Math.round(Number(last.report.judged) / ((used.user + used.system) / 1e6)), loopMaxMs: loop.max / 1e6, p99: loop.percentile(99) / 1e6 }))
}
await policy.stop(); await archive.stop(); await bus.close(0)
