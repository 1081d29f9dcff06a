import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type RecordFields, scanRecord } from '../append/record-fields.ts'
import { archiveError } from '../errors.ts'
import type { LogHead } from '../store/log-tail.ts'
import { DAY_US, dayNumber } from './days.ts'
import { eachPosting } from './posting-pages.ts'
import { clearer, type Earlier, judge, RecentRecords } from './recent-records.ts'
import type { FilledSlice, SliceBuilder, SliceFacts } from './slice.ts'
import type { SliceFailure, SliceSink } from './slice-sink.ts'
import { SliceWriter, type SqliteSlices } from './sqlite-slices.ts'
import { SLICE_RECORDS, TERM, termOf } from './terms.ts'

export interface LogIndexerOptions {
  /** The index file. */
  readonly file: string
  readonly logId: Uint8Array
  readonly busyTimeoutMs: number
  readonly openSink: (writer: SliceWriter) => SliceSink
}

const PAGE_RECORDS = 1000
/** Each has some megabytes in memory. So many behind, the index will not catch up beside the commits. */
const MOST_UNWRITTEN = 16

/**
 * The index of a log in SQLite, as its writer sees it: tells what is in the log already, and writes a slice whenever one is full. What has no
 * slice yet is known here; after a crash it is read from the log again.
 */
export class LogIndexer {
  readonly #recent = new RecentRecords()
  readonly #writer: SliceWriter
  readonly #slices: SqliteSlices
  readonly #sink: SliceSink
  readonly #record: StatementSync
  readonly #filled: FilledSlice[] = []
  #failure: SliceFailure | undefined

  /** Throws what SQLite throws. Slices that are missing are written first. */
  constructor(database: DatabaseSync, head: LogHead, options: LogIndexerOptions) {
    this.#record = database.prepare('SELECT committed_at_us, hash, record FROM record WHERE sequence = ?')
    this.#writer = new SliceWriter(options.file, options.logId, options.busyTimeoutMs)
    try {
      this.#slices = this.#writer.reader()
      const written = this.#genuineSlices(head)
      this.#readLog(database, written * SLICE_RECORDS)
      this.#sink = options.openSink(this.#writer)
    } catch (thrown) {
      this.#writer.close()
      throw thrown
    }
  }

  /** Whether a record that comes now is in the log already: one with its key from today or the day before, or with its id at any time. */
  earlier(fields: RecordFields, record: Uint8Array, nowUs: number): Earlier {
    let earlier: Earlier
    for (const sequence of this.#recent.suspects(fields)) earlier = clearer(earlier, this.#judge(fields, record, sequence, nowUs))
    for (const { term, slices } of this.#recent.questions(fields, nowUs))
      for (const sequences of this.#slices.find(slices, term))
        for (const sequence of sequences) earlier = clearer(earlier, this.#judge(fields, record, sequence, nowUs))
    return earlier
  }

  /** The next record, in the transaction that keeps it. */
  add(sequence: number, committedAtUs: number, fields: RecordFields, hash: Uint8Array): void {
    this.#recent.add(sequence, committedAtUs, fields)
    const filled = this.#recent.filled
    if (filled !== undefined) this.#filled.push(filled.finish(hash, committedAtUs))
  }

  /** After each commit: writes slices that are full. Throws when the index cannot be written. */
  flush(): void {
    for (const slice of this.#filled.splice(0)) {
      const { postings: _, ...facts } = slice
      this.#sink.write(slice, (failure) => {
        if (failure === undefined) this.#recent.written(facts)
        else this.#failure ??= failure
      })
    }
    const failure = this.#failure
    if (failure !== undefined) throw archiveError(failure.code as 'GH-ARCHIVE-IO', `its index: ${failure.detail}`)
    if (this.#recent.unwrittenSlices > MOST_UNWRITTEN) throw archiveError('GH-ARCHIVE-IO', 'its index is written too slowly.')
  }

  close(): void {
    this.#sink.close()
    this.#writer.close()
  }

  #judge(fields: RecordFields, record: Uint8Array, sequence: number, nowUs: number): Earlier {
    const row = this.#record.get(sequence)
    if (row === undefined) return undefined
    const kept = row['record'] as Uint8Array
    const found = scanRecord(kept)
    if (found === undefined) return undefined
    return judge(fields, record, { sequence, committedAtUs: Number(row['committed_at_us']), record: kept, fields: found }, nowUs)
  }

  /** How many slices are of this very log; what is behind them is thrown away. */
  #genuineSlices(head: LogHead): number {
    const slices = this.#slices.slices()
    let genuine = slices.length
    for (; genuine > 0; genuine--) {
      const { first, hash } = slices[genuine - 1]!
      const row = first + SLICE_RECORDS - 1 <= head.sequence ? this.#record.get(first + SLICE_RECORDS - 1) : undefined
      if (row !== undefined && Buffer.compare(row['hash'] as Uint8Array, hash) === 0) break
    }
    this.#writer.dropFrom(genuine * SLICE_RECORDS + 1)
    const sinceUs = (dayNumber(head.committedAtUs) - 1) * DAY_US
    for (const slice of slices.slice(0, genuine)) {
      this.#recent.addSlice(slice)
      if (slice.lastAtUs >= sinceUs) this.#readKeys(slice)
    }
    return genuine
  }

  #readKeys(slice: SliceFacts): void {
    const [low, high] = [termOf(TERM.key, 0), termOf(TERM.from, 0)]
    for (const page of this.#slices.pagesBetween(slice, low, high))
      eachPosting(page, (term) => {
        if (term >= low && term < high) this.#recent.addKey(term, slice.lastAtUs)
      })
  }

  #readLog(database: DatabaseSync, from: number): void {
    const page = database.prepare('SELECT sequence, committed_at_us, hash, record FROM record WHERE sequence > ? ORDER BY sequence LIMIT ?')
    page.setReturnArrays(true)
    for (let after = from; ; ) {
      const rows = page.all(after, PAGE_RECORDS) as unknown as readonly (readonly [number, number, Uint8Array, Uint8Array])[]
      for (const [sequence, committedAtUs, hash, record] of rows) {
        this.#recent.add(sequence, committedAtUs, scanRecord(record))
        const filled = this.#recent.filled
        if (filled !== undefined) this.#writeNow(filled, hash, committedAtUs)
        after = sequence
      }
      if (rows.length < PAGE_RECORDS) return
    }
  }

  #writeNow(filled: SliceBuilder, hash: Uint8Array, committedAtUs: number): void {
    const slice = filled.finish(hash, committedAtUs)
    this.#writer.write(slice)
    const { postings: _, ...facts } = slice
    this.#recent.written(facts)
  }
}
