import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface DecideResult {
  readonly case: 'decide'
  readonly domains: number
  readonly blocks: number
  readonly users: number
  /** CPU of one decision, by kind, in the middle of twenty slices; users come in random order. */
  readonly usByKind: Readonly<Record<string, number>>
  readonly bestUsByKind: Readonly<Record<string, number>>
  readonly cacheMiB: number
}

interface Line {
  readonly case: string
  readonly cacheMiB?: number
  readonly medianSlice?: number
  readonly bestSlice?: number
}

const SCRIPT = join(import.meta.dirname, '../../packages/policy-follow/bench/decide-facts.ts')
const FLAGS = ['--expose-gc', '--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning']

/** The decision engine alone, with facts of so many users, in a process of its own: its heap is large. */
export async function measureDecide(users: number): Promise<DecideResult> {
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, SCRIPT, String(users)], { maxBuffer: 1_048_576 })
  const lines = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Line] : []))
  const kinds = lines.filter(({ medianSlice }) => medianSlice !== undefined)
  return {
    case: 'decide',
    domains: 10_000,
    blocks: 100_000,
    users,
    usByKind: Object.fromEntries(kinds.map((line) => [line.case, line.medianSlice ?? 0])),
    bestUsByKind: Object.fromEntries(kinds.map((line) => [line.case, line.bestSlice ?? 0])),
    cacheMiB: lines.find((line) => line.case === 'fill')?.cacheMiB ?? 0,
  }
}
