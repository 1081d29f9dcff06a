/** `2026-11-22 06:58:01Z` of microseconds since the epoch; `-` for 0. */
export function timeOfUs(us: bigint): string {
  if (us === 0n) return '-'
  return timeOfMs(Number(us / 1_000n))
}

export function timeOfMs(ms: number): string {
  const text = new Date(ms).toISOString()
  return `${text.slice(0, 10)} ${text.slice(11, 19)}Z`
}

/** How long ago, in the largest unit that says enough: `42s`, `7m`, `3h`, `12d`. */
export function ageOf(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}
