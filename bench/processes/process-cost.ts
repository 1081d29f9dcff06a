import { readdirSync, readFileSync } from 'node:fs'

/** What a process and all its descendants have used since they started. */
export interface ProcessCost {
  readonly cpuMs: number
  readonly residentKb: number
  /** How long their threads were ready and had no core to run on. */
  readonly waitMs: number
}

// Linux counts CPU time in clock ticks; the tick of /proc is 100 per second on every architecture that Node supports.
const MS_PER_TICK = 10

/** Reads the kernel's accounting for a process tree (Linux only). */
export function processCost(rootPid: number): ProcessCost {
  let cpuMs = 0
  let residentKb = 0
  let waitMs = 0
  const pids = [String(rootPid)]
  for (let pid = pids.pop(); pid !== undefined; pid = pids.pop()) {
    const stat = readIfAlive(`/proc/${pid}/stat`)
    if (stat === undefined) continue
    // The command name may hold spaces and brackets: fields are counted from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    cpuMs += (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
    residentKb += Number(fields[21]) * 4
    for (const thread of threadsOf(pid)) {
      pids.push(...words(readIfAlive(`/proc/${pid}/task/${thread}/children`)))
      // Nanoseconds run, nanoseconds waited, turns.
      waitMs += Number(words(readIfAlive(`/proc/${pid}/task/${thread}/schedstat`))[1] ?? 0) / 1e6
    }
  }
  return { cpuMs, residentKb, waitMs }
}

/** Resident memory of one process without its children, in KiB. */
export function residentKb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0)
}

/** How long the machine under this one kept its cores to itself, since it started. */
export function stolenMs(): number {
  return Number(words(readFileSync('/proc/stat', 'utf8').split('\n', 1)[0])[8] ?? 0) * MS_PER_TICK
}

function threadsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '')
}

function readIfAlive(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
