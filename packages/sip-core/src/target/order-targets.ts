/** One SRV record (RFC 2782). */
export interface SrvTarget {
  readonly priority: number
  readonly weight: number
  /** Lower case, without the final dot. */
  readonly host: string
  readonly port: number
}

/**
 * The order in which the targets of one SRV answer are tried: by priority, and at equal priority drawn by weight (RFC 2782,
 * RFC 3263 §4.3). `random` gives numbers from 0 up to but not including 1.
 */
export function orderTargets(srv: readonly SrvTarget[], random: () => number): SrvTarget[] {
  const byPriority = [...srv].sort((one, other) => one.priority - other.priority)
  const ordered: SrvTarget[] = []
  for (let from = 0; from < byPriority.length; ) {
    const priority = byPriority[from]?.priority
    let to = from + 1
    while (to < byPriority.length && byPriority[to]?.priority === priority) to++
    drawByWeight(byPriority.slice(from, to), random, ordered)
    from = to
  }
  return ordered
}

/** RFC 2782: weightless targets first in line, so that they have a very small chance while others have weight. */
function drawByWeight(equals: SrvTarget[], random: () => number, ordered: SrvTarget[]): void {
  const left = equals.sort((one, other) => Number(one.weight > 0) - Number(other.weight > 0))
  let total = left.reduce((sum, target) => sum + target.weight, 0)
  while (left.length > 0) {
    const drawn = Math.floor(random() * (total + 1))
    let running = 0
    let at = 0
    for (; at < left.length - 1; at++) {
      running += left[at]?.weight ?? 0
      if (running >= drawn) break
    }
    const [target] = left.splice(at, 1)
    if (target === undefined) return
    total -= target.weight
    ordered.push(target)
  }
}
