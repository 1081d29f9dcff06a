import type { KeyObject } from 'node:crypto'
import type { Checkpoint } from '../chain/checkpoint.ts'
import type { LogSource } from '../store/log-source.ts'
import { ChainChecker, type ChainReport } from './chain-checker.ts'

export interface VerifyStoreOptions {
  readonly publicKeys: readonly KeyObject[]
  /** From the second checkpoint file: they show what was done to the store's own. */
  readonly otherCheckpoints?: readonly Checkpoint[]
  /** First and last sequence to check; absent or 0: from the first, to the last. */
  readonly fromSequence?: number
  readonly toSequence?: number
}

export type VerifyStep = { readonly checked: number; readonly total: number; readonly report: ChainReport | undefined }

// About 5 ms of work: small enough to share a thread with sockets, large enough that the pauses do not count.
const PAGE_RECORDS = 1000

/** Checks the log in the store page by page; the last step has the report. Between two steps the caller may pause as it likes. */
export async function* verifyStore(reader: LogSource, options: VerifyStoreOptions): AsyncGenerator<VerifyStep> {
  const last = await reader.lastSequence()
  const from = Math.max(1, options.fromSequence ?? 1)
  const to = options.toSequence !== undefined && options.toSequence > 0 ? Math.min(options.toSequence, last) : Number.MAX_SAFE_INTEGER
  const isWholeLog = to === Number.MAX_SAFE_INTEGER
  const checkpoints = [
    ...(await reader.checkpoints(from - 1, to)),
    ...(options.otherCheckpoints ?? []).filter(({ sequence }) => sequence >= from && sequence <= to),
  ]
  const checker = new ChainChecker({ sequence: from - 1, hash: await reader.hashBefore(from) }, options.publicKeys, checkpoints)
  const total = Math.max(0, Math.min(to, last) - from + 1)
  for (let after = from - 1; after < Math.min(to, last); ) {
    const page = await reader.page(after, Math.min(to, last), PAGE_RECORDS)
    for (const record of page) checker.check(record)
    const lastOfPage = page.at(-1)
    if (lastOfPage === undefined) break
    after = lastOfPage.sequence
    yield { checked: checker.checked, total, report: undefined }
  }
  yield { checked: checker.checked, total, report: checker.finish(isWholeLog) }
}

/** The same in one go, for a process that does nothing else. */
export async function verifyChain(reader: LogSource, options: VerifyStoreOptions): Promise<ChainReport> {
  let report: ChainReport | undefined
  for await (const step of verifyStore(reader, options)) report = step.report
  return report as ChainReport
}
