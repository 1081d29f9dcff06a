import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { Authority } from '@gatehouse/lab'
import { freePorts, issueFiles, type PeerRack } from '@gatehouse/test-integration'
import type { BenchPeer, GeneratorOrder, GeneratorReport, PhaseOrder, PhaseResult, RelayOrder, SinkOrder } from '../load/load-orders.ts'
import { startListener, stopChild } from '../processes/bench-child.ts'
import { processCost } from '../processes/process-cost.ts'
import type { RelayCase, RunningRelay } from '../relays/relay-case.ts'

export interface RunShape {
  readonly peers: number
  readonly bodyBytes: number
}

/** CPU and memory of each process while a phase was counted. */
export interface ProcessUse {
  readonly name: string
  readonly isOwn: boolean
  readonly cpuMs: number
  readonly residentMb: number
}

export interface PhaseUse {
  readonly result: PhaseResult
  readonly processes: readonly ProcessUse[]
  readonly sinkCpuMs: number
}

const HOST = '127.0.0.1'
let runs = 0

/** Peers → relay → inside server, each in processes of their own, for as many phases of load as are wanted. */
export class RelayRun {
  readonly relay: RunningRelay
  readonly order: RelayOrder
  readonly authority: Authority
  readonly #generator: ChildProcess
  readonly #sink: ChildProcess

  private constructor(relay: RunningRelay, order: RelayOrder, authority: Authority, generator: ChildProcess, sink: ChildProcess) {
    this.relay = relay
    this.order = order
    this.authority = authority
    this.#generator = generator
    this.#sink = sink
  }

  static async start(rack: PeerRack, relay: RelayCase, shape: RunShape): Promise<RelayRun> {
    runs += 1
    const folder = rack.path(`${relay.name}-${runs}`)
    const authority = Authority.create({ name: 'Bench CA' })
    const [relayPort, sinkPort] = (await freePorts(2)) as [number, number]
    const domains = Array.from({ length: shape.peers }, (_, index) => (index === 0 ? 'fabrikam.example' : `partner${index}.example`))
    const sinkOrder: SinkOrder = {
      host: HOST,
      port: sinkPort,
      ...issueFiles(folder, authority, 'home.contoso.example'),
      bodyBytes: shape.bodyBytes,
      minVias: relay.minVias,
    }
    const order: RelayOrder = {
      host: HOST,
      port: relayPort,
      ...issueFiles(folder, authority, 'edge.contoso.example'),
      upstreamHost: HOST,
      upstreamPort: sinkPort,
      upstreamName: 'home.contoso.example',
      domains,
    }
    const stops: (() => Promise<void>)[] = []
    try {
      const sink = await startListener('load/sink-process.ts', sinkOrder)
      stops.push(() => stopChild(sink))
      const running = await relay.start(order, join(folder, 'relay'))
      stops.push(() => running.stop())
      const peers: BenchPeer[] = domains.map((domain) => ({ domain, ...issueFiles(folder, authority, `edge.${domain}`) }))
      const generator = await startListener('load/generator-process.ts', {
        kind: 'connect',
        targets: running.targets ?? [{ host: HOST, port: relayPort }],
        servername: 'edge.contoso.example',
        peers,
        bodyBytes: shape.bodyBytes,
        run: `r${runs}x${process.pid}`,
      } satisfies GeneratorOrder)
      return new RelayRun(running, order, authority, generator, sink)
    } catch (problem) {
      for (const stop of stops.reverse()) await stop()
      throw problem
    }
  }

  /** One stretch of load; what every process used while it was counted. `onMeasuring`: the counting begins. */
  async phase(order: Omit<PhaseOrder, 'kind'>, onMeasuring: () => void = () => {}): Promise<PhaseUse> {
    const generator = this.#generator
    let before: readonly number[] = []
    let processes: readonly ProcessUse[] = []
    let sinkCpuMs = 0
    let onEnd: ((code: number | null) => void) | undefined
    let onReport: ((report: GeneratorReport) => void) | undefined
    try {
      const result = await new Promise<PhaseResult>((resolve, reject) => {
        onReport = (report) => {
          if (report.kind === 'measuring') {
            before = this.relay.processes.map(({ pid }) => processCost(pid).cpuMs)
            sinkCpuMs = processCost(this.#sink.pid as number).cpuMs
            onMeasuring()
          } else if (report.kind === 'measured') {
            processes = this.relay.processes.map((each, at) => useSince(each, before[at] as number))
            sinkCpuMs = processCost(this.#sink.pid as number).cpuMs - sinkCpuMs
          } else if (report.kind === 'result') resolve(report.result)
        }
        onEnd = (code) => reject(new Error(`the load generator ended with code ${code}`))
        generator.on('message', onReport)
        generator.once('exit', onEnd)
        generator.send({ kind: 'phase', ...order } satisfies PhaseOrder)
      })
      if (this.#sink.exitCode !== null) throw new Error('the inside server of the bench ended: see above')
      return { result, processes, sinkCpuMs }
    } finally {
      if (onReport !== undefined) generator.off('message', onReport)
      if (onEnd !== undefined) generator.off('exit', onEnd)
    }
  }

  async stop(): Promise<void> {
    await stopChild(this.#generator)
    await this.relay.stop()
    await stopChild(this.#sink)
  }
}

function useSince({ name, pid, isOwn }: RunningRelay['processes'][number], cpuBeforeMs: number): ProcessUse {
  const { cpuMs, residentKb } = processCost(pid)
  return { name, isOwn, cpuMs: cpuMs - cpuBeforeMs, residentMb: Math.round(residentKb / 102.4) / 10 }
}

/** So much load that the JIT of every process has settled, also on a machine that has other things to do. */
export const WARM_UP: Pick<PhaseOrder, 'warmUpMs' | 'warmUpMessages' | 'maxWarmUpMs'> = {
  warmUpMs: 3000,
  warmUpMessages: 40_000,
  maxWarmUpMs: 30_000,
}

/** For a phase on a relay that is warm. */
export const SHORT_WARM_UP: typeof WARM_UP = { warmUpMs: 1500, warmUpMessages: 0, maxWarmUpMs: 1500 }
