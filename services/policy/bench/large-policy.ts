// What 10,000 domains and 100,000 block entries cost: apply, publish over a bus, in force on a replica, and the longest time the event loop stood still.
// node --conditions=@gatehouse/source services/policy/bench/large-policy.ts [nats://127.0.0.1:4222]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from '@bufbuild/protobuf'
import { connectNatsBus, createEmbeddedBus } from '@gatehouse/bus'
import { readPublicKey, SnapshotFollower } from '@gatehouse/policy-follow'
import { type ApplyLargeRequest, ApplyLargeRequestSchema } from '@gatehouse/proto'
import { silentLogger } from '@gatehouse/telemetry'
import { buildPolicyService } from '../src/app.ts'

const ENTRIES = 100_000
const DOMAINS = 10_000
const url = process.argv[2]
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-large-'))
const bus = url === undefined ? createEmbeddedBus() : await connectNatsBus({ servers: [url], name: 'bench' })
const service = buildPolicyService(
  { databaseFile: join(folder, 'p.db'), heartbeatMs: 60_000, access: [], localRole: 'admin' },
  { bus, log: silentLogger },
)
await service.start()
let onSnapshot: (revision: number) => void = () => {}
const follower = new SnapshotFollower({
  bus,
  publicKeys: [readPublicKey(service.publicKeyPem())],
  service: 'bench',
  replica: 'r0',
  log: silentLogger,
  nowMs: Date.now,
  maxStalenessMs: 0,
  onSnapshot: ({ revision }) => onSnapshot(revision),
})
await follower.start()

/** Rather than turning without end, which would take a core away from the thread that works. */
const LOOK_MS = 2
let longestMs = 0
let longestCpuMs = 0
let lastMs = performance.now()
let lastCpuUs = 0
const look = (): void => {
  const nowMs = performance.now()
  const { user, system } = process.threadCpuUsage()
  longestMs = Math.max(longestMs, nowMs - lastMs - LOOK_MS)
  longestCpuMs = Math.max(longestCpuMs, (user + system - lastCpuUs) / 1000)
  lastMs = nowMs
  lastCpuUs = user + system
  setTimeout(look, LOOK_MS)
}
look()

function entry(at: number, reason: string): string {
  return `apiVersion: gatehouse/v1\nkind: BlockEntry\nmetadata: {name: b${at}}\nspec: {domain: d${at}.example, owner: security, reason: ${reason}}\n---\n`
}

function domain(at: number): string {
  const head = `apiVersion: gatehouse/v1\nmetadata: {name: p${at}}\n`
  return at % 2 === 0
    ? `${head}kind: Partner\nspec: {domains: [p${at}.example], edge: sip.p${at}.example}\n---\n`
    : `${head}kind: AllowedDomain\nspec: {domain: p${at}.example}\n---\n`
}

/** As the command line sends it: no text is larger than one message. */
async function* messagesOf(texts: readonly string[]): AsyncGenerator<ApplyLargeRequest> {
  yield create(ApplyLargeRequestSchema, { part: { case: 'order', value: {} } })
  for (let at = 0; at < texts.length; at += 1_000) {
    const text = texts.slice(at, at + 1_000).join('')
    yield create(ApplyLargeRequestSchema, { part: { case: 'piece', value: { file: 0, name: 'p', text } } })
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function measure(what: string, texts: readonly string[]): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 10 * LOOK_MS))
  longestMs = 0
  longestCpuMs = 0
  const cpu = process.cpuUsage()
  const inForce = new Promise<number>((resolve) => {
    onSnapshot = () => resolve(performance.now())
  })
  const startMs = performance.now()
  const requests = messagesOf(texts)
  const { outcome } = await service.admin.applyLarge(requests, { signal: new AbortController().signal, caller: 'local', remote: '' })
  const changeCount = outcome?.changeCount
  const answeredMs = performance.now()
  const inForceMs = await inForce
  const { user, system } = process.cpuUsage(cpu)
  const pauses = { longestPauseMs: longestMs, longestPauseCpuMs: longestCpuMs }
  const memory = { rssMiB: process.memoryUsage().rss / 1_048_576 }
  const times = { answeredMs: answeredMs - startMs, inForceMs: inForceMs - startMs, processCpuMs: (user + system) / 1000 }
  const row = { what, changes: changeCount, ...times, ...pauses, ...memory }
  process.stdout.write(`${JSON.stringify(row, (_, value: unknown) => (typeof value === 'number' ? Math.round(value * 10) / 10 : value))}\n`)
}

await measure('one entry, small policy', [entry(0, 'first')])
const domains = Array.from({ length: DOMAINS }, (_, at) => domain(at))
await measure(`${DOMAINS} domains, ${ENTRIES} entries`, [...domains, ...Array.from({ length: ENTRIES }, (_, at) => entry(at, 'bulk'))])
await measure('one entry more, large policy', [entry(ENTRIES, 'more')])
await follower.stop()
await service.stop()
await bus.close(100)
rmSync(folder, { recursive: true })
process.exit(0)
