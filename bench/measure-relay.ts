import { join } from 'node:path'
import { Authority } from '@gatehouse/lab'
import { freePorts, issueFiles, type PeerRack } from '@gatehouse/test-integration'
import { startChild, startListener, stopChild } from './bench-child.ts'
import type { GeneratorOrder, GeneratorReport, GeneratorResult, ListenerOrder, RelayOrder } from './child-messages.ts'
import { processCost } from './process-cost.ts'
import type { RelayCase, RelayResult } from './relay-case.ts'

export interface LoadShape {
  readonly seconds: number
  readonly connections: number
  readonly window: number
}

const HOST = '127.0.0.1'
// Enough messages for the JIT of every process to settle, on a machine that has other things to do, too.
const WARM_UP_MS = 3000
const WARM_UP_MESSAGES = 40_000
const MAX_WARM_UP_MS = 30_000
let runs = 0

/** Generator → relay → sink, each in a process of its own; counts what the relay's processes burn while the window is open. */
export async function measureRelay(rack: PeerRack, relay: RelayCase, load: LoadShape): Promise<RelayResult> {
  runs += 1
  const folder = rack.path(`${relay.name}-${runs}`)
  const authority = Authority.create({ name: 'Bench CA' })
  const [relayPort, sinkPort] = (await freePorts(2)) as [number, number]
  const sinkOrder: ListenerOrder = { host: HOST, port: sinkPort, ...issueFiles(folder, authority, 'home.contoso.example') }
  const relayOrder: RelayOrder = {
    host: HOST,
    port: relayPort,
    ...issueFiles(folder, authority, 'edge.contoso.example'),
    upstreamHost: HOST,
    upstreamPort: sinkPort,
    upstreamName: 'home.contoso.example',
  }
  const sink = await startListener('sink-process.ts', sinkOrder)
  try {
    const running = await relay.start(relayOrder, join(folder, 'relay'))
    try {
      return await drive(relay, running.pids, {
        host: HOST,
        port: relayPort,
        servername: 'edge.contoso.example',
        ...issueFiles(folder, authority, 'edge.fabrikam.example'),
        connections: load.connections,
        window: load.window,
        warmUpMs: WARM_UP_MS,
        warmUpMessages: WARM_UP_MESSAGES,
        maxWarmUpMs: MAX_WARM_UP_MS,
        measureMs: load.seconds * 1000,
        run: `r${runs}x${process.pid}`,
      })
    } finally {
      await running.stop()
    }
  } finally {
    await stopChild(sink)
  }
}

async function drive(relay: RelayCase, pids: readonly number[], order: GeneratorOrder): Promise<RelayResult> {
  const cpuMs = (): number => pids.reduce((sum, pid) => sum + processCost(pid).cpuMs, 0)
  const generator = startChild('generator-process.ts', order)
  let beforeMs = 0
  let usedMs = 0
  let residentKb = 0
  const finished = new Promise<GeneratorResult>((resolve, reject) => {
    generator.on('message', (report: GeneratorReport) => {
      if (report.kind === 'measuring') beforeMs = cpuMs()
      if (report.kind === 'measured') {
        usedMs = cpuMs() - beforeMs
        residentKb = pids.reduce((sum, pid) => sum + processCost(pid).residentKb, 0)
      }
      if (report.kind === 'result') resolve(report.result)
    })
    generator.once('exit', (code) => reject(new Error(`the load generator ended with code ${code}`)))
  })
  let result: GeneratorResult
  try {
    result = await finished
  } finally {
    await stopChild(generator)
  }
  return {
    case: relay.name,
    messages: result.messages,
    messagesPerS: Math.round((result.messages / result.measuredMs) * 1000),
    cpuUsPerMessage: round((usedMs * 1000) / Math.max(1, result.messages)),
    p50Ms: round(result.p50Ms),
    p99Ms: round(result.p99Ms),
    p999Ms: round(result.p999Ms),
    residentMb: round(residentKb / 1024),
    errors: result.errors,
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
