// node --conditions=@gatehouse/source services/archive/bench/append.ts [own|same]
// Records per second and CPU per message through client, embedded bus and archive with SQLite; one entry and one outcome per message.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AppendOutcome, ArchiveClient } from '@gatehouse/archive-client'
import { createEmbeddedBus } from '@gatehouse/bus'
import { MetricsRegistry, silentLogger } from '@gatehouse/telemetry'
import { buildArchiveService } from '../src/app.ts'
import { archiveConfig } from '../src/config.ts'
import { SampleRecords } from '../src/sample-records.ts'

const TICK_MS = 2
const RATES = [1000, 5000, 10_000] as const

interface Sent {
  done: number
  failed: number
  readonly latenciesMs: number[]
}

/** Sends at a steady rate from a timer, as messages arrive from sockets: some in each turn of the event loop. */
async function load(
  client: Pick<ArchiveClient, 'append' | 'appendOutcome'>,
  samples: SampleRecords,
  ratePerS: number,
  seconds: number,
): Promise<Sent> {
  const sent: Sent = { done: 0, failed: 0, latenciesMs: [] }
  const total = ratePerS * seconds
  const startedMs = performance.now()
  let started = 0
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - startedMs) / 1000) * ratePerS))
      for (; started < due; started++) {
        const { id, record } = samples.entry()
        const atMs = performance.now()
        client.append(record, (outcome) => {
          sent.done++
          sent.latenciesMs.push(performance.now() - atMs)
          if (!outcome.ok) sent.failed++
          else client.appendOutcome({ envelopeId: id, atUs: Date.now() * 1000, status: 200, code: '', isCertain: true })
          if (sent.done === total) {
            clearInterval(timer)
            resolve()
          }
        })
      }
    }, TICK_MS)
  })
  return sent
}

/** What making the records and the load itself costs: to be subtracted. */
async function runFloor(): Promise<void> {
  const samples = new SampleRecords()
  const client = {
    append: (_record: Uint8Array, onDone: (outcome: AppendOutcome) => void): void => {
      setImmediate(onDone, { ok: true, sequence: 1, duplicate: false })
    },
    appendOutcome: (): void => {},
  }
  await load(client, samples, 2000, 1)
  for (const ratePerS of RATES) {
    const cpu = process.cpuUsage()
    const { done } = await load(client, samples, ratePerS, 2)
    const { user, system } = process.cpuUsage(cpu)
    const line = { bench: 'archive-append-floor', ratePerS, cpuUsPerMessage: Number(((user + system) / done).toFixed(1)) }
    process.stdout.write(`${JSON.stringify(line)}\n`)
  }
}

async function run(commitThread: 'own' | 'same'): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-archive-bench-'))
  const bus = createEmbeddedBus()
  const config = archiveConfig.parse({ databaseFile: join(folder, 'archive.db'), commitThread })
  const service = buildArchiveService(config, { bus, log: silentLogger, metrics: new MetricsRegistry() })
  await service.start()
  const client = new ArchiveClient({
    bus,
    defer: (run) => {
      setImmediate(run)
    },
    setTimer: (run, delayMs) => {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
  })
  const samples = new SampleRecords()
  await load(client, samples, 2000, 1)
  for (const ratePerS of RATES) {
    const cpu = process.cpuUsage()
    const startedMs = performance.now()
    const { done, failed, latenciesMs } = await load(client, samples, ratePerS, 4)
    const seconds = (performance.now() - startedMs) / 1000
    const { user, system } = process.cpuUsage(cpu)
    latenciesMs.sort((a, b) => a - b)
    const at = (share: number): number => Number((latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0).toFixed(2))
    const line = {
      bench: 'archive-append',
      commitThread,
      ratePerS,
      reachedPerS: Math.round(done / seconds),
      failed,
      cpuUsPerMessage: Number(((user + system) / done).toFixed(1)),
      systemUsPerMessage: Number((system / done).toFixed(1)),
      p50Ms: at(0.5),
      p99Ms: at(0.99),
    }
    process.stdout.write(`${JSON.stringify(line)}\n`)
    await client.drain(5000)
  }
  await service.stop()
  await bus.close(100)
  rmSync(folder, { recursive: true })
}

await runFloor()
for (const commitThread of ['own', 'same'] as const) {
  if (process.argv[2] === undefined || process.argv[2] === commitThread) await run(commitThread)
}
