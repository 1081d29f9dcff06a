export const DAY_US = 86_400_000_000

/** Days since the epoch, UTC. */
export function dayNumber(us: number): number {
  return Math.max(0, Math.floor(us / DAY_US))
}
