import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { Authority } from '@gatehouse/lab'
import { freePorts, issueFiles, type Pauses, type PeerRack } from '@gatehouse/test-integration'
import type {
  BenchPeer,
  GeneratorOrder,
  GeneratorReport,
  PhaseOrder,
  PhaseResult,
  RelayOrder,
  SinkOrder,
  SinkReport,
} from '../load/load-orders.ts'
import { startListener, stopChild } from '../processes/bench-child.ts'
import { type ProcessCost, processCost, stolenMs } from '../processes/process-cost.ts'
import type { RelayCase, RelayProcess, RunningRelay } from '../relays/relay-case.ts'

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
  /** Its threads were ready so long and had no core. */
  readonly waitMs: number
}

export interface PhaseUse {
  readonly result: PhaseResult
  readonly processes: readonly ProcessUse[]
  readonly sink: ProcessUse
  readonly generator: ProcessUse
  readonly sinkPauses: SinkReport | undefined
  /** Of the relay, where it can say. */
  readonly relayPauses: Pauses | undefined
  /** The machine under this one kept its cores to itself for so long. */
  readonly stolenMs: number
}

const HOST = '127.0.0.1'

/**
 * Generator and sink collect their garbage in their own thread. With helpers, a collection ends when the last of them had a
 * core, and on two cores that relay, generator and sink share that was up to 285 ms: latency of the instrument, not of the relay.
 */
const INSTRUMENT_FLAGS = ['--single-threaded-gc', '--max-semi-space-size=8']
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
    const authority = relay.authority ?? Authority.create({ name: 'Bench CA' })
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
      const sink = await startListener('load/sink-process.ts', sinkOrder, INSTRUMENT_FLAGS)
      stops.push(() => stopChild(sink))
      const running = await relay.start(order, join(folder, 'relay'))
      stops.push(() => running.stop())
      const { senders } = running
      const peers: BenchPeer[] = domains.map((domain) => ({
        domain: senders?.domain ?? domain,
        ...issueFiles(folder, authority, senders?.host ?? `edge.${domain}`),
      }))
      const generatorOrder: GeneratorOrder = {
        kind: 'connect',
        targets: running.targets ?? [{ host: HOST, port: relayPort }],
        servername: senders?.servername ?? 'edge.contoso.example',
        peers,
        bodyBytes: shape.bodyBytes,
        ...(senders === undefined ? {} : { toDomain: senders.toDomain }),
        run: `r${runs}x${process.pid}`,
      }
      const generator = await startListener('load/generator-process.ts', generatorOrder, INSTRUMENT_FLAGS)
      return new RelayRun(running, order, authority, generator, sink)
    } catch (problem) {
      for (const stop of stops.reverse()) await stop()
      throw problem
    }
  }

  /** One stretch of load; what every process used while it was counted. `onMeasuring`: the counting begins. */
  async phase(order: Omit<PhaseOrder, 'kind'>, onMeasuring: () => void = () => {}): Promise<PhaseUse> {
    const generator = this.#generator
    const meters = [...this.relay.processes, ...this.#instruments()].map((each) => new Meter(each))
    let stolen = 0
    let uses: ProcessUse[] = []
    let pauses: Promise<[SinkReport | undefined, Pauses | undefined]> = Promise.resolve([undefined, undefined])
    let onEnd: ((code: number | null) => void) | undefined
    let onReport: ((report: GeneratorReport) => void) | undefined
    try {
      const result = await new Promise<PhaseResult>((resolve, reject) => {
        onReport = (report) => {
          if (report.kind === 'measuring') {
            for (const meter of meters) meter.start()
            stolen = stolenMs()
            void this.takePauses()
            onMeasuring()
          } else if (report.kind === 'measured') {
            uses = meters.map((meter) => meter.use())
            stolen = stolenMs() - stolen
            pauses = this.takePauses()
          } else if (report.kind === 'result') resolve(report.result)
        }
        onEnd = (code) => reject(new Error(`the load generator ended with code ${code}`))
        generator.on('message', onReport)
        generator.once('exit', onEnd)
        generator.send({ kind: 'phase', ...order } satisfies PhaseOrder)
      })
      if (this.#sink.exitCode !== null) throw new Error('the inside server of the bench ended: see above')
      const [generatorUse, sink] = uses.splice(-2) as [ProcessUse, ProcessUse]
      const [sinkPauses, relayPauses] = await pauses
      return { result, processes: uses, sink, generator: generatorUse, sinkPauses, relayPauses, stolenMs: stolen }
    } finally {
      if (onReport !== undefined) generator.off('message', onReport)
      if (onEnd !== undefined) generator.off('exit', onEnd)
    }
  }

  #instruments(): RelayProcess[] {
    return [
      { name: 'generator', pid: this.#generator.pid as number, isOwn: false },
      { name: 'sink', pid: this.#sink.pid as number, isOwn: false },
    ]
  }

  /** Of sink and relay, since they were last asked. */
  takePauses(): Promise<[SinkReport | undefined, Pauses | undefined]> {
    const ofSink = new Promise<SinkReport>((resolve) => this.#sink.once('message', (report) => resolve(report as SinkReport)))
    this.#sink.send('pauses')
    return Promise.all([ofSink, this.relay.takePauses?.()])
  }

  async stop(): Promise<void> {
    await stopChild(this.#generator)
    await this.relay.stop()
    await stopChild(this.#sink)
  }
}

/** Reads the accounting of one process before and after. */
export class Meter {
  readonly #process: RelayProcess
  #before: ProcessCost

  constructor(process: RelayProcess) {
    this.#process = process
    this.#before = processCost(process.pid)
  }

  start(): void {
    this.#before = processCost(this.#process.pid)
  }

  use(): ProcessUse {
    const { name, pid, isOwn } = this.#process
    const { cpuMs, residentKb, waitMs } = processCost(pid)
    return {
      name,
      isOwn,
      cpuMs: cpuMs - this.#before.cpuMs,
      waitMs: Math.round(waitMs - this.#before.waitMs),
      residentMb: Math.round(residentKb / 102.4) / 10,
    }
  }
}

/** So much load that the JIT of every process has settled, also on a machine that has other things to do. */
export const WARM_UP: Pick<PhaseOrder, 'warmUpMs' | 'warmUpMessages' | 'maxWarmUpMs'> = {
  warmUpMs: 3000,
  warmUpMessages: 40_000,
  maxWarmUpMs: 30_000,
}

/** For a phase on a relay that is warm. */
export const SHORT_WARM_UP: typeof WARM_UP = { warmUpMs: 1500, warmUpMessages: 0, maxWarmUpMs: 1500 }
