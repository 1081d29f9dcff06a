/** Waiting time before the attempt after `failures` failures in a row: doubles up to the cap, half of it at random so that peers do not return in step. */
export function backOffMs(failures: number, options: { readonly baseMs: number; readonly capMs: number }, random: () => number): number {
  // Beyond 2^30 the shift would turn negative; the cap was reached long before.
  const full = Math.min(options.capMs, options.baseMs * 2 ** Math.min(30, Math.max(0, failures - 1)))
  return full / 2 + (full / 2) * random()
}
