// node --conditions=@gatehouse/source services/archive/bench/senders.ts [in flight, …] [senders, …]
// What order by sender costs: records per second and per request with so many in flight from so many senders, each of which sends its next
// message when its last one is on record. 0 senders: in any order. Client, embedded bus, archive with SQLite.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArchiveClient } from '@gatehouse/archive-client'
import { type Bus, createEmbeddedBus } from '@gatehouse/bus'
import { MetricsRegistry, silentLogger } from '@gatehouse/telemetry'
import { buildArchiveService } from '../src/app.ts'
import { archiveConfig } from '../src/config.ts'
import { SampleRecords } from '../src/sample-records.ts'

const SECONDS = 3
const inFlights = numbers(process.argv[2] ?? '64,2000')
const senderCounts = numbers(process.argv[3] ?? '0,1,4,64,1000')

function numbers(list: string): number[] {
  return list.split(',').map(Number)
}

/** What the client sees of the bus, with requests counted. */
class CountedBus {
  readonly bus: Bus
  requests = 0

  constructor(bus: Bus) {
    this.bus = bus
  }

  get maxPayloadBytes(): number {
    return this.bus.maxPayloadBytes
  }

  readonly request: Bus['request'] = (...call) => {
    this.requests++
    this.bus.request(...call)
  }
}

/** Keeps so many records under way until the time is over. */
async function load(client: ArchiveClient, samples: SampleRecords, inFlight: number, senders: number, seconds: number): Promise<number[]> {
  const latenciesMs: number[] = []
  const endMs = performance.now() + seconds * 1000
  let left = inFlight
  await new Promise<void>((resolve) => {
    const send = (place: number): void => {
      const { id, record } = samples.entry()
      const atMs = performance.now()
      const sender = senders === 0 ? '' : `sip:user${place % senders}@fabrikam.example`
      client.append(
        record,
        (outcome) => {
          if (!outcome.ok) throw new Error(outcome.code)
          client.appendOutcome({ envelopeId: id, atUs: Date.now() * 1000, status: 200, code: '', isCertain: true })
          const nowMs = performance.now()
          latenciesMs.push(nowMs - atMs)
          if (nowMs < endMs) setImmediate(send, place)
          else if (--left === 0) resolve()
        },
        sender,
      )
    }
    for (let place = 0; place < inFlight; place++) send(place)
  })
  return latenciesMs
}

async function run(inFlight: number, senders: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-senders-bench-'))
  const counted = new CountedBus(createEmbeddedBus())
  const { bus } = counted
  const config = archiveConfig.parse({ databaseFile: join(folder, 'archive.db') })
  const service = buildArchiveService(config, { bus, log: silentLogger, metrics: new MetricsRegistry() })
  await service.start()
  const client = new ArchiveClient({
    bus: counted as unknown as Bus,
    defer: (next) => void setImmediate(next),
    setTimer: (next, delayMs) => {
      const timer = setTimeout(next, delayMs)
      return () => clearTimeout(timer)
    },
  })
  const samples = new SampleRecords()
  await load(client, samples, inFlight, senders, 2)
  counted.requests = 0
  const cpu = process.cpuUsage()
  const startedMs = performance.now()
  const latenciesMs = await load(client, samples, inFlight, senders, SECONDS)
  const seconds = (performance.now() - startedMs) / 1000
  const { user, system } = process.cpuUsage(cpu)
  latenciesMs.sort((a, b) => a - b)
  const count = latenciesMs.length
  const at = (share: number): number => Number((latenciesMs[Math.floor(count * share)] ?? 0).toFixed(2))
  const line = {
    bench: 'archive-senders',
    inFlight,
    senders,
    perS: Math.round(count / seconds),
    perRequest: Number((count / counted.requests).toFixed(1)),
    cpuUsPerMessage: Number(((user + system) / count).toFixed(1)),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
  await client.drain(5000)
  await service.stop()
  await bus.close(100)
  rmSync(folder, { recursive: true })
}

for (const inFlight of inFlights) for (const senders of senderCounts) await run(inFlight, senders)
