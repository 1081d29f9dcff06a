import type { KeyObject } from 'node:crypto'
import type { Checkpoint } from '../chain/checkpoint.ts'
import { SLICE_RECORDS } from '../index/terms.ts'
import type { LogSource } from '../store/log-source.ts'
import { type ChainReport, type ChainStart, MAX_FINDINGS } from './chain-checker.ts'
import { checkRange, type RangeTask } from './check-range.ts'

export interface VerifyStoreOptions {
  readonly publicKeys: readonly KeyObject[]
  /** From the second checkpoint file: they show what was done to the store's own. */
  readonly otherCheckpoints?: readonly Checkpoint[]
  /** First and last sequence to check; absent or 0: from the first, to the last. */
  readonly fromSequence?: number
  readonly toSequence?: number
  /** Checks parts at the same time; absent: all in the calling thread, one after the other. */
  readonly runner?: RangeRunner
}

/** Whatever checks parts of the log beside the calling thread. */
export interface RangeRunner {
  readonly width: number
  /** Rejects when the part could not be checked. `onChecked`: how many of it so far. */
  run(task: RangeTask, onChecked: (checked: number) => void): Promise<ChainReport>
}

export type VerifyStep = { readonly checked: number; readonly total: number; readonly report: ChainReport | undefined }

// Below, starting threads takes longer than checking.
const LEAST_FOR_THREADS = 100_000
// A part that begins or ends within a slice of the index compares that posting by posting, which takes longer than as a whole.
const MOST_PART_RECORDS = 4 * SLICE_RECORDS
const LEAST_PART_RECORDS = 50_000
const TOLD_EVERY_MS = 500

/** Checks the log in the store; the last step has the report. Between two steps the caller may pause as it likes. */
export async function* verifyStore(reader: LogSource, options: VerifyStoreOptions): AsyncGenerator<VerifyStep> {
  const last = await reader.lastSequence()
  const from = Math.max(1, options.fromSequence ?? 1)
  const to = options.toSequence !== undefined && options.toSequence > 0 ? Math.min(options.toSequence, last) : Number.MAX_SAFE_INTEGER
  const end = Math.min(to, last)
  const checkpoints = [
    ...(await reader.checkpoints(from - 1, to)),
    ...(options.otherCheckpoints ?? []).filter(({ sequence }) => sequence >= from && sequence <= to),
  ]
  const total = Math.max(0, end - from + 1)
  const { runner } = options
  const bounds =
    runner === undefined || total < LEAST_FOR_THREADS
      ? [from - 1, end]
      : boundsOf(from - 1, end, checkpoints, partSize(total / runner.width))
  const facts = { publicKeys: options.publicKeys }
  const tasks: RangeTask[] = []
  for (const [at, after] of bounds.slice(0, -1).entries()) {
    const upTo = bounds[at + 1]!
    const isEnd = at === bounds.length - 2
    const own = checkpoints.filter(({ sequence }) => sequence > after && (isEnd || sequence <= upTo))
    const hasEarlierCheckpoints = checkpoints.some(({ sequence }) => sequence <= after)
    const start = await startOf(reader, after)
    tasks.push({ ...facts, start, upTo, isEnd: isEnd && to === Number.MAX_SAFE_INTEGER, checkpoints: own, hasEarlierCheckpoints })
  }
  if (runner !== undefined && tasks.length > 1) yield* inThreads(tasks, runner, total)
  else for await (const { checked, report } of checkRange(reader, tasks[0]!)) yield { checked, total, report }
}

/** The same in one go, for a process that does nothing else. */
export async function verifyChain(reader: LogSource, options: VerifyStoreOptions): Promise<ChainReport> {
  let report: ChainReport | undefined
  for await (const step of verifyStore(reader, options)) report = step.report
  return report as ChainReport
}

function partSize(recordsPerThread: number): number {
  return Math.min(MOST_PART_RECORDS, Math.max(LEAST_PART_RECORDS, Math.ceil(recordsPerThread)))
}

/** Parts end at checkpoints, so that each has whole trees. */
function boundsOf(after: number, end: number, checkpoints: readonly Checkpoint[], size: number): number[] {
  const bounds = [after]
  const sequences = checkpoints.map(({ sequence }) => sequence).sort((a, b) => a - b)
  for (const sequence of sequences) {
    if (sequence < end && sequence - bounds.at(-1)! >= size) bounds.push(sequence)
  }
  bounds.push(end)
  return bounds
}

async function startOf(reader: LogSource, sequence: number): Promise<ChainStart> {
  const before = sequence > 0 ? (await reader.page(sequence - 1, sequence, 1))[0] : undefined
  const hash = before?.hash ?? (await reader.hashBefore(sequence + 1))
  return { sequence, hash, committedAtUs: before?.committedAtUs ?? 0 }
}

async function* inThreads(tasks: readonly RangeTask[], runner: RangeRunner, total: number): AsyncGenerator<VerifyStep> {
  const checked = tasks.map(() => 0)
  const reports: ChainReport[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let at = next++; at < tasks.length; at = next++) {
      reports[at] = await runner.run(tasks[at]!, (count) => {
        checked[at] = count
      })
    }
  }
  const sum = (): number => checked.reduce((all, each) => all + each, 0)
  const all = Promise.all(Array.from({ length: runner.width }, work))
  let isDone = false
  const done = all.finally(() => {
    isDone = true
  })
  while (!isDone) {
    await Promise.race([done, new Promise((resolve) => setTimeout(resolve, TOLD_EVERY_MS))])
    if (!isDone) yield { checked: sum(), total, report: undefined }
  }
  await done
  yield { checked: sum(), total, report: together(reports) }
}

function together(reports: readonly ChainReport[]): ChainReport {
  const last = reports.at(-1)!
  return {
    isIntact: reports.every(({ isIntact }) => isIntact),
    checked: reports.reduce((all, { checked }) => all + checked, 0),
    headSequence: last.headSequence,
    headHash: last.headHash,
    signedSequence: reports.reduce((most, { signedSequence }) => Math.max(most, signedSequence), 0),
    findings: reports.flatMap(({ findings }) => findings).slice(0, MAX_FINDINGS),
  }
}
