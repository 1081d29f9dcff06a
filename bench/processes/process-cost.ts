import { readdirSync, readFileSync } from 'node:fs'

/** What a process and all its descendants have used since they started. */
export interface ProcessCost {
  readonly cpuMs: number
  readonly residentKb: number
}

// Linux counts CPU time in clock ticks; the tick of /proc is 100 per second on every architecture that Node supports.
const MS_PER_TICK = 10

/** Reads the kernel's accounting for a process tree (Linux only). */
export function processCost(rootPid: number): ProcessCost {
  const children = new Map<number, number[]>()
  const cost = new Map<number, ProcessCost>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const stat = readIfAlive(`/proc/${entry}/stat`)
    if (stat === undefined) continue
    // The command name may hold spaces and brackets: fields are counted from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const pid = Number(entry)
    const parent = Number(fields[1])
    children.set(parent, [...(children.get(parent) ?? []), pid])
    cost.set(pid, { cpuMs: (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK, residentKb: Number(fields[21]) * 4 })
  }
  let cpuMs = 0
  let residentKb = 0
  const stack = [rootPid]
  for (let pid = stack.pop(); pid !== undefined; pid = stack.pop()) {
    cpuMs += cost.get(pid)?.cpuMs ?? 0
    residentKb += cost.get(pid)?.residentKb ?? 0
    stack.push(...(children.get(pid) ?? []))
  }
  return { cpuMs, residentKb }
}

/** Resident memory of one process without its children, in KiB. */
export function residentKb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0)
}

function readIfAlive(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
