import { scanRecord } from '../append/record-fields.ts'
import type { RecordSource } from './log-finder.ts'
import { SliceBuilder } from './slice.ts'
import { SLICE_RECORDS } from './terms.ts'

const PAGE_RECORDS = 500
/** A few megabytes each. More are not indexed only where the index is being made anew, and then they are read each time. */
const MOST_KEPT = 3

interface Kept {
  readonly builder: SliceBuilder
  next: number
}

/** What is not indexed yet, by slices, read from the log; what was read stays for the next question. */
export class TailSlices {
  readonly #records: RecordSource
  readonly #kept = new Map<number, Kept>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(records: RecordSource) {
    this.#records = records
  }

  /** Sequences, rising, that have each of some terms in the slice that begins with `first`; none where it cannot have any. */
  find(first: number, terms: readonly number[], canHave: (slice: SliceBuilder) => boolean = () => true): Promise<number[][]> {
    const found = this.#turn.then(async () => {
      const slice = await this.#upToDate(first)
      return canHave(slice) ? slice.find(terms) : terms.map(() => [])
    })
    this.#turn = found.catch(() => undefined)
    return found
  }

  async #upToDate(first: number): Promise<SliceBuilder> {
    const kept = this.#kept.get(first) ?? { builder: new SliceBuilder(first), next: first }
    const upTo = first + SLICE_RECORDS - 1
    while (kept.next <= upTo) {
      const page = await this.#records.page(kept.next - 1, upTo, PAGE_RECORDS)
      for (const { sequence, record } of page) kept.builder.add(sequence, scanRecord(record))
      kept.next = (page.at(-1)?.sequence ?? kept.next - 1) + 1
      if (page.length < PAGE_RECORDS) break
    }
    this.#kept.delete(first)
    this.#kept.set(first, kept)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT) break
      this.#kept.delete(oldest)
    }
    return kept.builder
  }
}
