/** How much load each case gets. */
export interface Effort {
  readonly seconds: number
  readonly rounds: number
}

/** From much to little. */
const EFFORTS: readonly Effort[] = [
  { seconds: 8, rounds: 3 },
  { seconds: 6, rounds: 2 },
  { seconds: 4, rounds: 2 },
  { seconds: 3, rounds: 2 },
  { seconds: 3, rounds: 1 },
  { seconds: 2, rounds: 1 },
]

/** A relay is started, warmed up, run at full and at half load, and stopped. */
export function relaySeconds({ seconds }: Effort): number {
  return 12 + 3 * seconds
}

/** The greatest effort for which the whole takes no longer than `minutes`; the least one when none does. */
export function effortFor(minutes: number, secondsOf: (effort: Effort) => number): Effort {
  const fitting = EFFORTS.find((effort) => secondsOf(effort) <= minutes * 60)
  return fitting ?? (EFFORTS.at(-1) as Effort)
}
