/** Waiting time after `failures` failures in a row: doubles up to the cap, half of it at random so that nobody returns in step. */
export function backOffMs(failures: number, baseMs: number, capMs: number, random: () => number): number {
  const full = Math.min(capMs, baseMs * 2 ** Math.min(30, Math.max(0, failures - 1)))
  return full / 2 + (full / 2) * random()
}
