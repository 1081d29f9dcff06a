import { monitorEventLoopDelay } from 'node:perf_hooks'
import { create } from '@bufbuild/protobuf'
import { type ArchiveService, archiveConfig, buildArchiveService } from '@gatehouse/archive'
import { ArchiveClient } from '@gatehouse/archive-client'
import { type Bus, createEmbeddedBus } from '@gatehouse/bus'
import { buildPolicyService, type PolicyService } from '@gatehouse/policy'
import { parsePolicy } from '@gatehouse/policy-document'
import { compileSnapshot, type DecisionInput, DecisionState } from '@gatehouse/policy-engine'
import { ApplyRequestSchema, SimulateRequestSchema, type SimulationReport } from '@gatehouse/proto'
import { judgeAndRecord } from '@gatehouse/receipt/test'
import { MetricsRegistry, silentLogger } from '@gatehouse/telemetry'
import { type PeerRack, policyDocument } from '@gatehouse/test-integration'

export interface SimulateResult {
  readonly case: 'simulate'
  readonly messages: number
  /** Wall clock. */
  readonly messagesPerSecond: number
  /** Of the whole process, archive and policy. */
  readonly cpuUsEach: number
  /** Longest the event loop of the process was held up. */
  readonly loopMaxMs: number
}

const MESSAGES = 200_000
const BATCH = 2_000
const PARTNERS = 200
const USERS = 5_000
const ROUNDS = 4
const TEXT = 'A message of a hundred bytes or so, as people write them to each other all day long, again and again.'
const CONTEXT = { signal: new AbortController().signal, caller: 'local', remote: '' }

const POLICY = [
  policyDocument('FederationSettings', 'default', { enabled: true, unverified: { message: 'deliver' } }),
  policyDocument('InternalDomain', 'contoso', { domain: 'contoso.example' }),
  ...Array.from({ length: PARTNERS }, (_, at) =>
    policyDocument('Partner', `partner${at}`, { domains: [`partner${at}.example`], edge: `sip.partner${at}.example` }),
  ),
  ...Array.from({ length: 2_000 }, (_, at) =>
    policyDocument('BlockEntry', `block${at}`, { domain: `bad${at}.example`, owner: 'security', reason: 'spam' }),
  ),
].join('')
const CHANGE = policyDocument('BlockEntry', 'new', { domain: 'partner7.example', owner: 'security', reason: 'on trial' })

/** `gatehouse simulate` over an archive of its own, policy and archive in one process: SQLite to report. */
export async function measureSimulate(rack: PeerRack): Promise<SimulateResult> {
  const bus = createEmbeddedBus()
  const parts = { bus, log: silentLogger, metrics: new MetricsRegistry() }
  const archive = buildArchiveService(archiveConfig.parse({ databaseFile: rack.path('simulate-archive.db') }), parts)
  await archive.start()
  await fill(bus)
  const config = { databaseFile: rack.path('simulate-policy.db'), heartbeatMs: 30_000, access: [], localRole: 'admin' as const }
  const policy = buildPolicyService(config, { ...parts, archive: () => archive.handlers })
  await policy.start()
  await policy.admin.apply(create(ApplyRequestSchema, { files: [{ name: 'policy.yaml', text: POLICY }] }), CONTEXT)
  let best: SimulateResult | undefined
  for (let round = 0; round < ROUNDS; round++) {
    const result = await simulateOnce(policy)
    if (best === undefined || result.cpuUsEach < best.cpuUsEach) best = result
  }
  await stop(policy, archive, bus)
  return best!
}

async function simulateOnce(policy: PolicyService): Promise<SimulateResult> {
  const loop = monitorEventLoopDelay({ resolution: 1 })
  loop.enable()
  const cpu = process.cpuUsage()
  const startedMs = performance.now()
  let report: Partial<SimulationReport> | undefined
  const request = create(SimulateRequestSchema, { files: [{ name: 'change.yaml', text: CHANGE }] })
  for await (const step of policy.decision.simulate(request, CONTEXT)) report = (step.report as Partial<SimulationReport>) ?? report
  const tookMs = performance.now() - startedMs
  const { user, system } = process.cpuUsage(cpu)
  loop.disable()
  if (Number(report?.judged) !== MESSAGES || Number(report?.newlyBlocked) !== MESSAGES / PARTNERS)
    throw new Error(`simulate: judged ${report?.judged}, newly blocked ${report?.newlyBlocked}`)
  return {
    case: 'simulate',
    messages: MESSAGES,
    messagesPerSecond: Math.round((MESSAGES / tookMs) * 1000),
    cpuUsEach: Math.round(((user + system) / MESSAGES) * 100) / 100,
    loopMaxMs: Math.round(loop.max / 1e5) / 10,
  }
}

async function fill(bus: Bus): Promise<void> {
  const { objects } = parsePolicy([{ name: 'policy.yaml', text: POLICY }], { nowMs: Date.now() })
  const snapshot = compileSnapshot({ format: 'gatehouse-snapshot/1', revision: 1, issuedAtMs: 0, objects })
  const setTimer = (run: () => void, delayMs: number): (() => void) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  }
  const client = new ArchiveClient({ bus, defer: (run) => void setImmediate(run), setTimer }, { timeoutMs: 60_000 })
  const state = new DecisionState()
  for (let start = 0; start < MESSAGES; start += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, at) => judgeAndRecord(snapshot, inputAt(start + at), state, TEXT)!)
    await Promise.all(batch.map(({ record }) => new Promise<unknown>((resolve) => client.append(record, resolve))))
  }
}

function inputAt(at: number): DecisionInput {
  const domain = `partner${at % PARTNERS}.example`
  return {
    nowMs: Date.now(),
    side: 'external',
    kind: 'message',
    method: 'MESSAGE',
    fromUser: `user${(at * 7919) % USERS}`,
    fromDomain: domain,
    toUser: `user${(at * 104_729) % USERS}`,
    toDomain: 'contoso.example',
    assertedDomains: [domain],
    peer: {
      isAuthenticated: true,
      refusal: undefined,
      names: { dns: [`sip.${domain}`, domain], sipDomains: [], commonName: undefined },
      anchors: ['public'],
      mayBeTlsClient: false,
      fingerprint: (at % PARTNERS).toString(16).padStart(64, 'a'),
      spkiPin: Buffer.alloc(32, at % PARTNERS).toString('base64'),
      issuer: 'CN=Bench CA',
      serial: '1',
      notAfterMs: Date.now() + 86_400_000,
    },
    bound: { peerClass: 'direct', partner: `partner${at % PARTNERS}` },
    assertedMark: 'verified',
    isInDialog: false,
    srv: () => undefined,
  }
}

async function stop(policy: PolicyService, archive: ArchiveService, bus: Bus): Promise<void> {
  await policy.stop()
  await archive.stop()
  await bus.close(1_000)
}
