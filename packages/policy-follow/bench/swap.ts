// What a snapshot of 10,000 domains and 100,000 block entries costs a replica: time until it is in force, the longest time the event loop
// stood still (wall and CPU of this thread), the longest garbage collection, memory. One JSON line per case.
// node --expose-gc --conditions=@gatehouse/source packages/policy-follow/bench/swap.ts [entries]
import { generateKeyPairSync } from 'node:crypto'
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { createEmbeddedBus } from '@gatehouse/bus'
import type { PolicyObject, SnapshotDocument } from '@gatehouse/policy-engine'
import { encodeManifest, keyIdOf, partKey, SNAPSHOT_KEY, SnapshotFollower, SnapshotSplitter, type SplitSnapshot, seal } from '../src/mod.ts'

const ENTRIES = Number(process.argv[2] ?? 100_000)
const DOMAINS = ENTRIES / 10
/** Rather than turning without end, which would take a core away from the threads that unpack. */
const LOOK_MS = 2
const PEER = {
  verification: 'useSourceVerification',
  trust: [],
  requireClientAuth: false,
  pins: [],
  links: 1,
  dialect: 'microsoft',
} as const

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const longest = { wallMs: 0, cpuMs: 0, gcMs: 0 }
const marks = { wallMs: performance.now(), cpuUs: cpuUs() }

/** Scavenges and the pauses of the collector that nobody asked for. */
function observeCollections(): void {
  new PerformanceObserver((list) => {
    for (const { duration, detail } of list.getEntries() as (PerformanceEntry & { detail: { flags: number } })[]) {
      if ((detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) === 0) longest.gcMs = Math.max(longest.gcMs, duration)
    }
  }).observe({ entryTypes: ['gc'] })
}

function cpuUs(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

function turn(): void {
  const [wallMs, us] = [performance.now(), cpuUs()]
  longest.wallMs = Math.max(longest.wallMs, wallMs - marks.wallMs - LOOK_MS)
  longest.cpuMs = Math.max(longest.cpuMs, (us - marks.cpuUs) / 1000)
  marks.wallMs = wallMs
  marks.cpuUs = us
  setTimeout(turn, LOOK_MS)
}

function world(): PolicyObject[] {
  const objects: PolicyObject[] = []
  for (let at = 0; at < DOMAINS / 2; at++) {
    const spec = { ...PEER, domains: [`p${at}.example`], edge: `sip.p${at}.example`, enabled: true }
    objects.push({ kind: 'Partner', name: `p${at}`, spec })
    objects.push({
      kind: 'AllowedDomain',
      name: `a${at}`,
      spec: { domain: `a${at}.example`, subdomains: false, verification: PEER.verification },
    })
  }
  for (let at = 0; at < ENTRIES; at++) objects.push(block(at, 'bulk'))
  return objects
}

function block(at: number, reason: string): PolicyObject {
  const what = at % 2 === 0 ? { domain: `b${at}.example` } : { address: `user${at}@x${at % 500}.example` }
  return { kind: 'BlockEntry', name: `b${at}`, spec: { ...what, owner: 'security', reason } }
}

function documentOf(revision: number, objects: readonly PolicyObject[]): SnapshotDocument {
  return { format: 'gatehouse-snapshot/1', revision, issuedAtMs: revision, objects }
}

let onSnapshot: () => void = () => {}
const follower = new SnapshotFollower({
  bus: createEmbeddedBus(),
  publicKeys: [publicKey],
  service: 'bench',
  replica: 'r0',
  log: { info: () => {}, warn: (facts, text) => void process.stderr.write(`${text} ${JSON.stringify(facts)}\n`) },
  nowMs: Date.now,
  maxStalenessMs: 0,
  onSnapshot: () => onSnapshot(),
})

async function measure(what: string, split: SplitSnapshot): Promise<void> {
  globalThis.gc?.()
  const heapBefore = process.memoryUsage()
  await new Promise((resolve) => setImmediate(resolve))
  Object.assign(longest, { wallMs: 0, cpuMs: 0, gcMs: 0 })
  const start = { wallMs: performance.now(), cpuUs: cpuUs() }
  const inForce = new Promise<void>((resolve) => {
    onSnapshot = resolve
  })
  for (const [hash, part] of split.parts) {
    follower.handleEntry(partKey(hash), part)
    await new Promise((resolve) => setImmediate(resolve))
  }
  follower.handleEntry(SNAPSHOT_KEY, seal(encodeManifest(split.manifest), privateKey, keyIdOf(publicKey)))
  await inForce
  const [inForceMs, cpuMs] = [performance.now() - start.wallMs, (cpuUs() - start.cpuUs) / 1000]
  await new Promise((resolve) => setImmediate(resolve))
  const pauses = { longestPauseMs: longest.wallMs, longestPauseCpuMs: longest.cpuMs, longestGcMs: longest.gcMs }
  globalThis.gc?.()
  const heap = process.memoryUsage()
  const heapMiB = (heap.heapUsed + heap.arrayBuffers - heapBefore.heapUsed - heapBefore.arrayBuffers) / 1_048_576
  const row = {
    bench: 'policy-follow/swap',
    case: what,
    objects: split.manifest.objects,
    inForceMs,
    cpuMs,
    ...pauses,
    grownMiB: heapMiB,
    rssMiB: heap.rss / 1_048_576,
  }
  process.stdout.write(`${JSON.stringify(row, (_, value: unknown) => (typeof value === 'number' ? Math.round(value * 10) / 10 : value))}\n`)
}

/** Made in a thread of its own: their objects belong to another process, and must not be in this one's heap. */
async function makeSplits(): Promise<Map<string, SplitSnapshot>> {
  const splitter = new SnapshotSplitter(262_144)
  const objects = world()
  const made = new Map([['first', await splitter.split(documentOf(1, objects))]])
  objects.push(block(ENTRIES, 'one more'))
  made.set('one entry more', await splitter.split(documentOf(2, objects)))
  const others = objects.map((object, at) => (object.kind === 'BlockEntry' ? block(at - DOMAINS, 'another reason') : object))
  return made.set('every block entry another', await splitter.split(documentOf(3, others)))
}

async function main(): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) })
  const made = await new Promise<Map<string, SplitSnapshot>>((resolve) => worker.once('message', resolve))
  await worker.terminate()
  observeCollections()
  turn()
  for (const [what, split] of made) await measure(what, split)
  process.exit(0)
}

if (isMainThread) await main()
else parentPort?.postMessage(await makeSplits())
