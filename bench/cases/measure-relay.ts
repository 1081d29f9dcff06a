import type { PeerRack } from '@gatehouse/test-integration'
import type { PhaseResult } from '../load/load-orders.ts'
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
  /** Latency at half of `messagesPerS`, sent at that rate whether answers come or not. */
  readonly halfLoad: { readonly messagesPerS: number; readonly p50Ms: number; readonly p99Ms: number; readonly p999Ms: number }
  /** What measuring itself took. */
  readonly generatorUsPerMessage: number
  readonly sinkUsPerMessage: number
  readonly errors: readonly string[]
}

/** As much as the relay can take, then half of it. */
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
      measureMs: load.seconds * 1000,
    })
    return describe(relay.name, load, full, half.result)
  } finally {
    await run.stop()
  }
}

function describe(name: string, load: LoadShape, full: PhaseUse, half: PhaseResult): RelayResult {
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
    halfLoad: { messagesPerS: Math.round(perSecond(half)), p50Ms: round(half.p50Ms), p99Ms: round(half.p99Ms), p999Ms: round(half.p999Ms) },
    generatorUsPerMessage: perMessage(result.cpuMs),
    sinkUsPerMessage: perMessage(full.sinkCpuMs),
    errors: [...result.errors, ...half.errors, ...halfTrouble(half)],
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
