import { scanRecord } from '../append/record-fields.ts'
import { eachPosting, type PostingPage, packPostings } from '../index/posting-pages.ts'
import { SliceBuilder, type SliceFacts, sliceStart } from '../index/slice.ts'
import type { SliceSource } from '../index/slice-source.ts'
import { SLICE_RECORDS } from '../index/terms.ts'
import type { LogRecord } from '../store/log-source.ts'

export interface IndexFault {
  readonly sequence: number
  readonly detail: string
}

/**
 * Says where the index would show something else than the records do. It is made again from the records, a slice at a time, and compared as
 * bytes; of a part of a slice, and where it differs, posting by posting.
 */
export class IndexChecker {
  readonly #source: SliceSource
  #slices: readonly SliceFacts[] | undefined
  #builder: SliceBuilder | undefined
  #from = 0
  #upTo = 0

  constructor(source: SliceSource) {
    this.#source = source
  }

  /** The next records of the log. Yields for slices that end with them. */
  async *take(records: readonly LogRecord[]): AsyncGenerator<IndexFault> {
    this.#slices ??= await this.#source.slices()
    for (const { sequence, record } of records) {
      const first = sliceStart(sequence)
      if (this.#builder?.first !== first) {
        yield* this.finish()
        if (first > this.#slices.length * SLICE_RECORDS) return
        this.#builder = new SliceBuilder(first)
        this.#from = sequence
      }
      this.#builder.add(sequence, scanRecord(record))
      this.#upTo = sequence
    }
  }

  /** After the last record. */
  async *finish(): AsyncGenerator<IndexFault> {
    const builder = this.#builder
    this.#builder = undefined
    const slice = builder === undefined ? undefined : this.#slices?.[(builder.first - 1) / SLICE_RECORDS]
    if (builder === undefined || slice === undefined) return
    const kept = await this.#source.pages(slice)
    const made = packPostings(builder.postings())
    const isWhole = this.#from === builder.first && builder.isFull
    if (isWhole && isSame(kept, made)) return
    const [from, upTo] = [this.#from - builder.first, this.#upTo - builder.first]
    for (const place of differences(postingsOf(made, from, upTo), postingsOf(kept, from, upTo)))
      yield { sequence: builder.first + place, detail: 'search finds it by other words, or under another id, than the record has' }
  }
}

/** Places, rising, of postings that only one of two has. */
function differences(made: readonly number[], kept: readonly number[]): number[] {
  if (made.length === kept.length && made.every((posting, at) => posting === kept[at])) return []
  const [wanted, found] = [new Set(made), new Set(kept)]
  const faulty = new Set<number>()
  for (const posting of wanted) if (!found.has(posting)) faulty.add(posting % SLICE_RECORDS)
  for (const posting of found) if (!wanted.has(posting)) faulty.add(posting % SLICE_RECORDS)
  return [...faulty].sort((a, b) => a - b)
}

function isSame(kept: readonly PostingPage[], made: readonly PostingPage[]): boolean {
  if (kept.length !== made.length) return false
  return kept.every(({ term, part, bytes }, at) => {
    const other = made[at]!
    return term === other.term && part === other.part && Buffer.compare(bytes, other.bytes) === 0
  })
}

/** With places from the first to the last given, in the order of the pages. */
function postingsOf(pages: readonly PostingPage[], from: number, upTo: number): number[] {
  const postings: number[] = []
  for (const page of pages)
    eachPosting(page, (term, place) => {
      if (place >= from && place <= upTo) postings.push(term * SLICE_RECORDS + place)
    })
  return postings
}
