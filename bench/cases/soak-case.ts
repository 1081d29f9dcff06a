import type { Pauses, PeerRack } from '@gatehouse/test-integration'
import { processCost } from '../processes/process-cost.ts'
import type { RelayCase } from '../relays/relay-case.ts'
import { answered, perSecond, round } from './measure-relay.ts'
import { RelayRun, type RunShape, SHORT_WARM_UP, WARM_UP } from './relay-run.ts'

export interface SoakResult {
  readonly case: string
  readonly minutes: number
  readonly messages: number
  readonly messagesPerS: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  /** Of the relay's own processes at the start of each tenth, and at the end. */
  readonly residentMb: readonly number[]
  /** How much the memory of the second half grew over that of the first, per hour. */
  readonly growthMbPerHour: number
  /** Of the gate, in the last tenth: delay of its event loop, garbage collection. */
  readonly pauses: Pauses | undefined
  readonly errors: readonly string[]
}

const TENTHS = 10

/** Half of what the relay can take, for a long time. */
export async function measureSoak(rack: PeerRack, relay: RelayCase, shape: RunShape, minutes: number): Promise<SoakResult> {
  const run = await RelayRun.start(rack, relay, shape)
  try {
    const peak = await run.phase({ ...WARM_UP, window: Math.max(2, Math.round(64 / shape.peers)), measureMs: 4000 })
    const ratesPerS = new Array<number>(shape.peers).fill(perSecond(peak.result) / 2 / shape.peers)
    const residentMb = [ownMemoryMb(run)]
    const errors = [...peak.result.errors]
    let messages = 0
    let measuredMs = 0
    let last = peak.result
    for (let tenth = 0; tenth < TENTHS; tenth += 1) {
      await run.relay.takePauses?.()
      const { result } = await run.phase({ ...SHORT_WARM_UP, ratesPerS, measureMs: (minutes * 60_000) / TENTHS })
      messages += answered(result)
      measuredMs += result.measuredMs
      residentMb.push(ownMemoryMb(run))
      errors.push(...result.errors)
      last = result
    }
    return {
      case: `soak-${relay.name}`,
      minutes,
      messages,
      messagesPerS: Math.round((messages / measuredMs) * 1000),
      p50Ms: round(last.p50Ms),
      p99Ms: round(last.p99Ms),
      p999Ms: round(last.p999Ms),
      residentMb,
      growthMbPerHour: growth(residentMb, minutes),
      pauses: await run.relay.takePauses?.(),
      errors: errors.slice(0, 10),
    }
  } finally {
    await run.stop()
  }
}

function ownMemoryMb(run: RelayRun): number {
  const own = run.relay.processes.filter(({ isOwn }) => isOwn)
  return Math.round(own.reduce((sum, { pid }) => sum + processCost(pid).residentKb, 0) / 1024)
}

/** Mean of the last third against that of the third before: the first third warms up. */
function growth(residentMb: readonly number[], minutes: number): number {
  const third = Math.floor(residentMb.length / 3)
  const mean = (part: readonly number[]): number => part.reduce((sum, mb) => sum + mb, 0) / part.length
  const gained = mean(residentMb.slice(-third)) - mean(residentMb.slice(-2 * third, -third))
  return Math.round((gained / (minutes / 3)) * 60)
}
