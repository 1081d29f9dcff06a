import type { KeyObject } from 'node:crypto'
import type { Checkpoint } from '../chain/checkpoint.ts'
import type { Awaitable, LogRecord, LogSource } from '../store/log-source.ts'
import { ChainChecker, type ChainReport, type ChainStart } from './chain-checker.ts'
import { IndexChecker, type IndexFault } from './index-checker.ts'

/** A part of the log to check by itself; nothing in it but values, so that it can be sent to a thread. */
export interface RangeTask {
  readonly start: ChainStart
  /** The last sequence of the part. */
  readonly upTo: number
  /** The part ends where the log ends. */
  readonly isEnd: boolean
  readonly checkpoints: readonly Checkpoint[]
  readonly hasEarlierCheckpoints: boolean
  readonly publicKeys: readonly KeyObject[]
}

export interface RangeStep {
  readonly checked: number
  readonly report: ChainReport | undefined
}

// About 10 ms of work: small enough to share a thread with sockets, large enough that the pauses do not count.
const PAGE_RECORDS = 1000

/** Checks a part page by page, while a server makes the next one; the last step has the report. Between two steps the caller may pause as it likes. */
export async function* checkRange(reader: LogSource, task: RangeTask): AsyncGenerator<RangeStep> {
  const { start, upTo, isEnd } = task
  const checker = new ChainChecker(start, task.publicKeys, task.checkpoints)
  const index = new IndexChecker(reader.slices())
  const note = ({ sequence, detail }: IndexFault): void => checker.find(sequence, 'GH-ARCHIVE-INDEX', detail)
  let page = await pageAfter(reader, start.sequence, upTo)
  for (;;) {
    const last = page.at(-1)
    if (last === undefined) break
    const next = pageAfter(reader, last.sequence, upTo)
    for (const record of page) checker.check(record)
    for await (const fault of index.take(page)) note(fault)
    yield { checked: checker.checked, report: undefined }
    page = await next
  }
  for await (const fault of index.finish()) note(fault)
  checker.expectUpTo(upTo)
  yield { checked: checker.checked, report: checker.finish(isEnd, task.hasEarlierCheckpoints) }
}

/** Asked for before it is needed, so that a failure may be there before anybody waits for it: it is told when somebody does. */
function pageAfter(reader: LogSource, after: number, upTo: number): Awaitable<readonly LogRecord[]> {
  if (after >= upTo) return []
  const page = reader.page(after, upTo, PAGE_RECORDS)
  if (page instanceof Promise) page.catch(() => undefined)
  return page
}
