// What 100,000 block entries cost: apply, publish over a bus, in force on a replica, and the longest time the event loop stood still.
// node --conditions=@gatehouse/source services/policy/bench/large-policy.ts [nats://127.0.0.1:4222]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from '@bufbuild/protobuf'
import { connectNatsBus, createEmbeddedBus } from '@gatehouse/bus'
import { readPublicKey, SnapshotFollower } from '@gatehouse/policy-follow'
import { ApplyRequestSchema } from '@gatehouse/proto'
import { silentLogger } from '@gatehouse/telemetry'
import { buildPolicyService } from '../src/app.ts'

const ENTRIES = 100_000
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

async function measure(what: string, text: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 10 * LOOK_MS))
  longestMs = 0
  longestCpuMs = 0
  const cpu = process.cpuUsage()
  const inForce = new Promise<number>((resolve) => {
    onSnapshot = () => resolve(performance.now())
  })
  const startMs = performance.now()
  const request = create(ApplyRequestSchema, { files: [{ name: 'p', text }] })
  const { changeCount } = await service.admin.apply(request, { signal: new AbortController().signal, caller: 'local', remote: '' })
  const answeredMs = performance.now()
  const inForceMs = await inForce
  const { user, system } = process.cpuUsage(cpu)
  const pauses = { longestPauseMs: longestMs, longestPauseCpuMs: longestCpuMs }
  const memory = { rssMiB: process.memoryUsage().rss / 1_048_576 }
  const times = { answeredMs: answeredMs - startMs, inForceMs: inForceMs - startMs, processCpuMs: (user + system) / 1000 }
  const row = { what, changes: changeCount, ...times, ...pauses, ...memory }
  process.stdout.write(`${JSON.stringify(row, (_, value: unknown) => (typeof value === 'number' ? Math.round(value * 10) / 10 : value))}\n`)
}

await measure('one entry, small policy', entry(0, 'first'))
await measure(`${ENTRIES} entries`, Array.from({ length: ENTRIES }, (_, at) => entry(at, 'bulk')).join(''))
await measure('one entry more, large policy', entry(ENTRIES, 'more'))
await follower.stop()
await service.stop()
await bus.close(100)
rmSync(folder, { recursive: true })
process.exit(0)
