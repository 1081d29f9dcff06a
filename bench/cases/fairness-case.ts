import type { PeerRack } from '@gatehouse/test-integration'
import type { PeerResult, PhaseResult } from '../load/load-orders.ts'
import type { RelayCase } from '../relays/relay-case.ts'
import { perSecond, round } from './measure-relay.ts'
import { RelayRun, type RunShape, SHORT_WARM_UP, WARM_UP } from './relay-run.ts'

interface Share {
  readonly answeredPerS: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface FairnessResult {
  readonly case: string
  readonly peakPerS: number
  /** Every peer sends so much; the noisy one ten times that in the second phase. */
  readonly ratePerS: number
  readonly quietBefore: Share
  readonly quietBeside: Share
  readonly noisy: Share
  /** How much less of the quiet peers' messages were answered beside the noisy one; at most 0.1 is the aim. */
  readonly loss: number
  readonly errors: readonly string[]
}

/** Of the peak: four peers of this rate are 40 % of it, with the noisy one it is 130 %. */
const SHARE_OF_PEAK = 0.1
const NOISE = 10

/** What one peer at ten times its rate costs the others. */
export async function measureFairness(rack: PeerRack, relay: RelayCase, shape: RunShape, seconds: number): Promise<FairnessResult> {
  const run = await RelayRun.start(rack, relay, shape)
  try {
    const measureMs = seconds * 1000
    const peak = await run.phase({ ...WARM_UP, window: Math.max(2, Math.round(64 / shape.peers)), measureMs })
    const peakPerS = perSecond(peak.result)
    const rate = (peakPerS * SHARE_OF_PEAK * 4) / shape.peers
    const rates = new Array<number>(shape.peers).fill(rate)
    const alone = await run.phase({ ...SHORT_WARM_UP, ratesPerS: rates, measureMs })
    const beside = await run.phase({ ...SHORT_WARM_UP, ratesPerS: [rate * NOISE, ...rates.slice(1)], measureMs })
    const quietBefore = shareOf(alone.result, (_, index) => index > 0)
    const quietBeside = shareOf(beside.result, (_, index) => index > 0)
    return {
      case: `fairness-${relay.name}`,
      peakPerS: Math.round(peakPerS),
      ratePerS: Math.round(rate),
      quietBefore,
      quietBeside,
      noisy: shareOf(beside.result, (_, index) => index === 0),
      loss: round(1 - quietBeside.answeredPerS / quietBefore.answeredPerS),
      errors: [...peak.result.errors, ...alone.result.errors, ...beside.result.errors],
    }
  } finally {
    await run.stop()
  }
}

/** Of some peers together; their latency is the worst of theirs. */
function shareOf(result: PhaseResult, isMeant: (peer: PeerResult, index: number) => boolean): Share {
  const meant = result.peers.filter(isMeant)
  const count = meant.reduce((sum, peer) => sum + peer.answered, 0)
  return {
    answeredPerS: Math.round((count / result.measuredMs) * 1000),
    p50Ms: round(Math.max(...meant.map((peer) => peer.p50Ms))),
    p99Ms: round(Math.max(...meant.map((peer) => peer.p99Ms))),
  }
}
