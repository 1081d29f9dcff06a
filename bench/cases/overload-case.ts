import type { PeerRack } from '@gatehouse/test-integration'
import type { PhaseResult } from '../load/load-orders.ts'
import type { RelayCase } from '../relays/relay-case.ts'
import { answered, perSecond, round } from './measure-relay.ts'
import { type PhaseUse, RelayRun, type RunShape, SHORT_WARM_UP, WARM_UP } from './relay-run.ts'

/** What a relay does with more than it can take. */
export interface OverloadStep {
  /** Multiple of the peak that was offered. */
  readonly factor: number
  readonly offeredPerS: number
  readonly answeredPerS: number
  /** Of the peak; at least 0.8 is the aim. */
  readonly goodput: number
  readonly refusedPerS: number
  /** Not sent, because the relay did not read. */
  readonly heldBackPerS: number
  /** Of the messages that were taken, from when they were due: waiting in the sockets counts. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly residentMb: number
}

export interface OverloadResult {
  readonly case: string
  readonly peakPerS: number
  readonly peakResidentMb: number
  readonly steps: readonly OverloadStep[]
  readonly errors: readonly string[]
}

// The last one twice: memory that grows with time would show.
const FACTORS = [2, 5, 5]

/** Peak, then twice and five times that, and five times again, offered at a steady rate whatever becomes of it. */
export async function measureOverload(rack: PeerRack, relay: RelayCase, shape: RunShape, seconds: number): Promise<OverloadResult> {
  const run = await RelayRun.start(rack, relay, shape)
  try {
    const measureMs = seconds * 1000
    const peak = await run.phase({ ...WARM_UP, window: Math.max(2, Math.round(64 / shape.peers)), measureMs })
    const peakPerS = perSecond(peak.result)
    const steps: OverloadStep[] = []
    const errors = [...peak.result.errors]
    for (const factor of FACTORS) {
      const perPeer = (peakPerS * factor) / shape.peers
      const use = await run.phase({ ...SHORT_WARM_UP, ratesPerS: new Array<number>(shape.peers).fill(perPeer), measureMs })
      steps.push(stepOf(factor, peakPerS, use))
      errors.push(...use.result.errors)
    }
    return { case: `overload-${relay.name}`, peakPerS: Math.round(peakPerS), peakResidentMb: residentMb(peak), steps, errors }
  } finally {
    await run.stop()
  }
}

function stepOf(factor: number, peakPerS: number, use: PhaseUse): OverloadStep {
  const { result } = use
  const sum = (count: (peer: PhaseResult['peers'][number]) => number): number =>
    Math.round((result.peers.reduce((total, peer) => total + count(peer), 0) / result.measuredMs) * 1000)
  return {
    factor,
    offeredPerS: sum((peer) => peer.offered),
    answeredPerS: Math.round(perSecond(result)),
    goodput: round(answered(result) / (result.measuredMs / 1000) / peakPerS),
    refusedPerS: sum((peer) => peer.refused),
    heldBackPerS: sum((peer) => peer.heldBack),
    p50Ms: round(result.p50Ms),
    p99Ms: round(result.p99Ms),
    residentMb: residentMb(use),
  }
}

function residentMb({ processes }: PhaseUse): number {
  return Math.round(processes.reduce((sum, each) => sum + (each.isOwn ? each.residentMb : 0), 0))
}
