import { readdirSync, readFileSync } from 'node:fs'

/** A process and all that descends from it, the oldest first (Linux: /proc). Children that made a session of their own are found too. */
export function familyOf(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = parentOf(name)
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const family = [pid]
  // grows while it is walked through
  for (const each of family) family.push(...(children.get(each) ?? []))
  return family
}

export function signalFamily(pid: number, signal: NodeJS.Signals): void {
  if (pid <= 0) return
  for (const each of familyOf(pid)) {
    try {
      process.kill(each, signal)
    } catch {
      // ESRCH: it ended meanwhile
    }
  }
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // the name, in brackets, may hold anything: `pid (name) state parent …`
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}
