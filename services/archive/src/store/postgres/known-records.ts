import { Buffer } from 'node:buffer'
import type { Client } from 'pg'
import { type RecordFields, scanRecord } from '../../append/record-fields.ts'
import { TreeGrower } from '../../chain/merkle-tree.ts'
import { archiveError } from '../../errors.ts'
import { DAY_US, dayNumber } from '../../index/days.ts'
import { eachPosting } from '../../index/posting-pages.ts'
import { clearer, type Earlier, judge, type Question, RecentRecords } from '../../index/recent-records.ts'
import type { FilledSlice, SliceFacts } from '../../index/slice.ts'
import type { SliceFailure, SliceSink } from '../../index/slice-sink.ts'
import { SLICE_RECORDS, TERM, termOf } from '../../index/terms.ts'
import type { LogRecord } from '../log-source.ts'
import type { LogHead } from '../log-tail.ts'
import { readPage } from './postgres-page.ts'
import { dropSlicesFrom, PostgresSlices, writeSlice } from './postgres-slices.ts'
import { POSTGRES_SCHEMA } from './schema-name.ts'

const PAGE_RECORDS = 1000
/** Each has some megabytes in memory. So many behind, the index will not catch up beside the commits. */
const MOST_UNWRITTEN = 16

/**
 * What a replica knows of the log: which records have no slice yet, and which keys were seen. It learns of its own records as it commits them,
 * of those of other replicas by reading them, before it decides on anything.
 */
export class KnownRecords {
  readonly #client: Client
  readonly #slices: PostgresSlices
  readonly #sink: SliceSink
  readonly #recent = new RecentRecords()
  readonly #filled: FilledSlice[] = []
  /** Over the records since a checkpoint that was followed by none: what the next one signs. */
  readonly #tree = new TreeGrower()
  #treeFirst = 0
  #upTo = 0
  #failure: SliceFailure | undefined

  constructor(client: Client, sink: SliceSink) {
    this.#client = client
    this.#slices = new PostgresSlices(client)
    this.#sink = sink
  }

  /** Up to which record all is known. */
  get upTo(): number {
    return this.#upTo
  }

  /** When a log is opened: learns what it holds and writes the slices that are missing. */
  async open(head: LogHead): Promise<void> {
    const slices = [...(await this.#slices.slices())]
    let genuine = slices.length
    while (genuine > 0 && !(await this.#isGenuine(slices[genuine - 1]!))) genuine--
    if (genuine < slices.length) await dropSlicesFrom(this.#client, genuine * SLICE_RECORDS + 1)
    const sinceUs = (dayNumber(head.committedAtUs) - 1) * DAY_US
    for (const slice of slices.slice(0, genuine)) {
      this.#recent.addSlice(slice)
      if (slice.lastAtUs >= sinceUs) await this.#readKeys(slice)
    }
    this.#upTo = genuine * SLICE_RECORDS
    await this.catchUp(head.sequence, async (slice) => {
      await writeSlice(this.#client, slice)
      this.#recent.written(slice)
    })
  }

  /** Learns of records that others have committed. `onFilled`: instead of the thread that writes slices. */
  async catchUp(sequence: number, onFilled?: (slice: FilledSlice) => Promise<void>): Promise<void> {
    while (this.#upTo < sequence) {
      const page = await readPage(this.#client, this.#upTo, sequence, PAGE_RECORDS)
      if (page.length === 0) throw archiveError('GH-ARCHIVE-CHAIN-BROKEN', `record ${this.#upTo + 1} is missing.`)
      for (const record of page) {
        this.add(record, scanRecord(record.record))
        const slice = onFilled === undefined ? undefined : this.#filled.pop()
        if (slice !== undefined) await onFilled?.(slice)
      }
    }
  }

  /** The next record, once it is committed. */
  add({ sequence, committedAtUs, hash }: LogRecord, fields: RecordFields | undefined): void {
    this.#upTo = sequence
    this.#tree.add(hash)
    this.#recent.add(sequence, committedAtUs, fields)
    const filled = this.#recent.filled
    if (filled !== undefined) this.#filled.push(filled.finish(hash, committedAtUs))
  }

  /** After each commit: has slices written that are full. Throws when they cannot be. */
  flush(): void {
    for (const slice of this.#filled.splice(0)) {
      const { postings: _, ...facts } = slice
      this.#sink.write(slice, (failure) => {
        if (failure === undefined) this.#recent.written(facts)
        else this.#failure ??= failure
      })
    }
    const failure = this.#failure
    if (failure !== undefined) throw archiveError(failure.code as 'GH-ARCHIVE-DATABASE', `its index: ${failure.detail}`)
    if (this.#recent.unwrittenSlices > MOST_UNWRITTEN) throw archiveError('GH-ARCHIVE-DATABASE', 'its index is written too slowly.')
  }

  /** Whether a record that comes now is in the log already; undefined, as nearly always: it is not, and the database need not be asked. */
  earlier(fields: RecordFields, record: Uint8Array, nowUs: number): Promise<Earlier> | undefined {
    const suspects = this.#recent.suspects(fields)
    const questions = this.#recent.questions(fields, nowUs)
    return suspects.length + questions.length === 0 ? undefined : this.#ask(fields, record, nowUs, suspects, questions)
  }

  /** The tree over all records behind a checkpoint; undefined where this replica has not followed it from there. */
  rootAfter(signed: number): TreeGrower | undefined {
    return this.#treeFirst === signed + 1 ? this.#tree : undefined
  }

  /** After a checkpoint over all that is known. */
  beginTree(): void {
    this.#tree.clear()
    this.#treeFirst = this.#upTo + 1
  }

  async #ask(
    fields: RecordFields,
    record: Uint8Array,
    nowUs: number,
    unwritten: readonly number[],
    questions: readonly Question[],
  ): Promise<Earlier> {
    let suspects = unwritten
    for (const { term, slices } of questions) suspects = [...suspects, ...(await this.#slices.find(slices, term)).flat()]
    if (suspects.length === 0) return undefined
    const { rows } = await this.#client.query<{ sequence: string; committed_at_us: string; record: Buffer }>(
      `SELECT sequence, committed_at_us, record FROM ${POSTGRES_SCHEMA}.record WHERE sequence = ANY($1::bigint[]) ORDER BY sequence`,
      [suspects],
    )
    let earlier: Earlier
    for (const row of rows) {
      const kept = scanRecord(row.record)
      if (kept === undefined) continue
      const suspect = { sequence: Number(row.sequence), committedAtUs: Number(row.committed_at_us), record: row.record, fields: kept }
      earlier = clearer(earlier, judge(fields, record, suspect, nowUs))
    }
    return earlier
  }

  close(): void {
    this.#sink.close()
  }

  async #isGenuine({ first, hash }: SliceFacts): Promise<boolean> {
    const { rows } = await this.#client.query<{ hash: Buffer }>(`SELECT hash FROM ${POSTGRES_SCHEMA}.record WHERE sequence = $1`, [
      first + SLICE_RECORDS - 1,
    ])
    return rows[0] !== undefined && Buffer.compare(rows[0].hash, hash) === 0
  }

  async #readKeys(slice: SliceFacts): Promise<void> {
    const [low, high] = [termOf(TERM.key, 0), termOf(TERM.from, 0)]
    for (const page of await this.#slices.pagesBetween(slice, low, high))
      eachPosting(page, (term) => {
        if (term >= low && term < high) this.#recent.addKey(term, slice.lastAtUs)
      })
  }
}
