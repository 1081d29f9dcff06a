import type { LoadSender } from './chaos-sender.ts'
import type { Fault } from './faults.ts'
import type { Ledger } from './ledger.ts'

/** What a round of faults did to those who send. */
export interface RoundReport {
  readonly faults: readonly { readonly kind: string; readonly target: string; readonly durationMs: number }[]
  /** Longest time without any 2xx, from the first fault until all pass again. */
  readonly outageMs: number
  /** From the last fault's end until a new message of every sender has got its 2xx; undefined: not within the limit. */
  readonly backAfterMs: number | undefined
}

const BACK_LIMIT_MS = 90_000
const LOOK_MS = 20

/** Injects faults that begin at once, heals each after its time, and waits until messages of every sender pass again. */
export async function runRound(faults: readonly Fault[], senders: readonly LoadSender[], ledger: Ledger): Promise<RoundReport> {
  const startedMs = performance.now()
  await Promise.all(
    faults.map(async (fault) => {
      await fault.inject()
      await pause(fault.durationMs)
      await fault.heal()
    }),
  )
  const healedMs = performance.now()
  const isBack = (): boolean => senders.every((sender) => sender.passedMs > healedMs)
  while (!isBack() && performance.now() - healedMs < BACK_LIMIT_MS) await pause(LOOK_MS)
  const endedMs = performance.now()
  return {
    faults: faults.map(({ kind, target, durationMs }) => ({ kind, target, durationMs })),
    outageMs: Math.round(longestGap(ledger.acknowledgedMs, startedMs, endedMs)),
    backAfterMs: isBack() ? Math.round(endedMs - healedMs) : undefined,
  }
}

/** Longest time between two of the (ascending) times, within a window whose ends count too. */
export function longestGap(timesMs: readonly number[], fromMs: number, untilMs: number): number {
  let longest = 0
  let at = untilMs
  for (let index = timesMs.length - 1; index >= 0 && at > fromMs; index--) {
    const timeMs = Math.max(fromMs, timesMs[index] as number)
    if (timeMs >= untilMs) continue
    longest = Math.max(longest, at - timeMs)
    at = timeMs
  }
  return Math.max(longest, at - fromMs)
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
