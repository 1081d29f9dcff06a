import type { Pauses, PeerRack } from '@gatehouse/test-integration'
import type { Latency, PhaseResult } from '../load/load-orders.ts'
import type { RelayCase } from '../relays/relay-case.ts'
import { type PhaseUse, RelayRun, type RunShape, SHORT_WARM_UP, WARM_UP } from './relay-run.ts'

export interface LoadShape extends RunShape {
  readonly seconds: number
  /** Requests in flight per peer. */
  readonly window: number
}

export interface RelayResult {
  readonly case: string
  readonly peers: number
  readonly bodyBytes: number
  readonly messages: number
  readonly messagesPerS: number
  /** CPU of the relay's own processes, user and system, per message with its 200. */
  readonly cpuUsPerMessage: number
  /** Of each process, also of those that are not the relay's own (bus, database). */
  readonly cpuUsByProcess: Readonly<Record<string, number>>
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  /** Of the relay's own processes. */
  readonly residentMb: number
  /** Latency at half of `messagesPerS`, sent at that rate whether answers come or not, and what made it. */
  readonly halfLoad: HalfLoad
  /** What measuring itself took. */
  readonly generatorUsPerMessage: number
  readonly sinkUsPerMessage: number
  readonly errors: readonly string[]
}

/** Each message that is due while something stands still waits: what stood still, and for how long. */
export interface HalfLoad extends Latency {
  readonly messagesPerS: number
  /** The middle one of the seconds: one long stop is in `p99Ms` but not in here. */
  readonly p99OfMiddleSecondMs: number
  readonly p99OfWorstSecondMs: number
  /** The generator sent so late; it is in the latency. */
  readonly lateP99Ms: number
  readonly lateMaxMs: number
  readonly generatorPauses: Pauses
  readonly sinkPauses: Pauses | undefined
  readonly relayPauses: Pauses | undefined
  /** Per process, of each second: ready to run, but no core was free. */
  readonly waitMsPerS: Readonly<Record<string, number>>
  readonly stolenMsPerS: number
}

/** As much as the relay can take, then half of it, for twice as long: there one stop must not be all. */
export async function measureRelay(rack: PeerRack, relay: RelayCase, load: LoadShape): Promise<RelayResult> {
  const run = await RelayRun.start(rack, relay, load)
  try {
    // Each replica has to see enough messages for its own JIT.
    const replicas = run.relay.targets?.length ?? 1
    const warmUp = { ...WARM_UP, warmUpMessages: WARM_UP.warmUpMessages * replicas, maxWarmUpMs: WARM_UP.maxWarmUpMs * replicas }
    const full = await run.phase({ ...warmUp, window: load.window, measureMs: load.seconds * 1000 })
    const fullPerS = perSecond(full.result)
    const halfPerPeer = fullPerS / 2 / load.peers
    const half = await run.phase({
      ...SHORT_WARM_UP,
      ratesPerS: new Array<number>(load.peers).fill(halfPerPeer),
      measureMs: load.seconds * 2000,
    })
    return describe(relay.name, load, full, half)
  } finally {
    await run.stop()
  }
}

function describe(name: string, load: LoadShape, full: PhaseUse, half: PhaseUse): RelayResult {
  const { result, processes } = full
  const messages = answered(result)
  const perMessage = (cpuMs: number): number => round((cpuMs * 1000) / Math.max(1, messages))
  const own = processes.filter(({ isOwn }) => isOwn)
  return {
    case: name,
    peers: load.peers,
    bodyBytes: load.bodyBytes,
    messages,
    messagesPerS: Math.round(perSecond(result)),
    cpuUsPerMessage: perMessage(own.reduce((sum, { cpuMs }) => sum + cpuMs, 0)),
    cpuUsByProcess: Object.fromEntries(processes.map((each) => [each.name, perMessage(each.cpuMs)])),
    p50Ms: round(result.p50Ms),
    p99Ms: round(result.p99Ms),
    p999Ms: round(result.p999Ms),
    residentMb: round(own.reduce((sum, { residentMb }) => sum + residentMb, 0)),
    halfLoad: describeHalf(half),
    generatorUsPerMessage: perMessage(result.cpuMs),
    sinkUsPerMessage: perMessage(full.sink.cpuMs),
    errors: [...result.errors, ...half.result.errors, ...halfTrouble(half.result)],
  }
}

function describeHalf(half: PhaseUse): HalfLoad {
  const { result, processes, generator, sink } = half
  const bySecond = [...result.p99MsBySecond].sort((a, b) => a - b)
  const perS = (ms: number): number => round((ms * 1000) / result.measuredMs)
  return {
    messagesPerS: Math.round(perSecond(result)),
    p50Ms: round(result.p50Ms),
    p99Ms: round(result.p99Ms),
    p999Ms: round(result.p999Ms),
    p99OfMiddleSecondMs: bySecond[Math.floor(bySecond.length / 2)] ?? 0,
    p99OfWorstSecondMs: bySecond.at(-1) ?? 0,
    lateP99Ms: round(result.lateP99Ms),
    lateMaxMs: round(result.lateMaxMs),
    generatorPauses: result.pauses,
    sinkPauses: half.sinkPauses,
    relayPauses: half.relayPauses,
    waitMsPerS: Object.fromEntries([...processes, generator, sink].map(({ name, waitMs }) => [name, perS(waitMs)])),
    stolenMsPerS: perS(half.stolenMs),
  }
}

/** Half of what it takes is no overload: every message is to be taken. */
function halfTrouble({ peers }: PhaseResult): string[] {
  const refused = peers.reduce((sum, peer) => sum + peer.refused + peer.heldBack, 0)
  return refused === 0 ? [] : [`${refused} messages were not taken at half load`]
}

export function answered({ peers }: PhaseResult): number {
  return peers.reduce((sum, peer) => sum + peer.answered, 0)
}

export function perSecond(result: PhaseResult): number {
  return (answered(result) / result.measuredMs) * 1000
}

export function round(value: number): number {
  return Math.round(value * 100) / 100
}
