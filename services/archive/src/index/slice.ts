import { RECORD_TYPE, type RecordFields } from '../append/record-fields.ts'
import { TermReader } from './term-reader.ts'
import { bucketOfWord, SLICE_RECORDS, stepOfBucket, stepOfWord } from './terms.ts'

/** What is kept in memory of each slice: enough to know where looking is worth while. */
export interface SliceFacts {
  /** The first sequence; the last is `SLICE_RECORDS - 1` further. */
  readonly first: number
  /** Hash of the last record: of another log, or one that was cut and went on otherwise, the slice says nothing. */
  readonly hash: Uint8Array
  /** When the last record was committed. */
  readonly lastAtUs: number
  /** Steps of the times in envelope ids, and in the ids that outcomes are of; rising. */
  readonly idSteps: Uint32Array
  readonly outcomeSteps: Uint32Array
  /** The greatest envelope id (latin1 text) and time of an outcome. */
  readonly greatestId: string
  readonly greatestOutcomeAtUs: number
}

/** A slice with its postings: term × `SLICE_RECORDS` + place, in no order. */
export interface FilledSlice extends SliceFacts {
  readonly postings: Float64Array
}

const FIRST_POSTINGS = 4096
/** So many are sooner looked for one after the other. */
const FEW_TERMS = 4

/** Takes the records of one slice, one after the other. */
export class SliceBuilder {
  readonly first: number
  #postings: Float64Array = new Float64Array(FIRST_POSTINGS)
  #count = 0
  readonly #terms = new TermReader()
  #last = 0
  #base = 0
  readonly #idSteps = new StepSet()
  readonly #outcomeSteps = new StepSet()
  #greatestId = ''
  #greatestOutcomeAtUs = 0

  /** `first`: sequence that the slice begins with, `sliceStart` of any in it. */
  constructor(first: number) {
    this.first = first
  }

  get isFull(): boolean {
    return this.#last === this.first + SLICE_RECORDS - 1
  }

  /** The next record; undefined fields: it cannot be read, so that it is found by nothing. */
  add(sequence: number, fields: RecordFields | undefined): void {
    this.#last = sequence
    this.#base = sequence - this.first
    if (fields === undefined || fields.type === RECORD_TYPE.access) return
    this.#terms.each(fields, this.#push)
    if (fields.type === RECORD_TYPE.entry) {
      this.#idSteps.add(stepOfWord(fields.envelopeId))
      if (fields.envelopeId > this.#greatestId) this.#greatestId = fields.envelopeId
      return
    }
    if (fields.atUs > this.#greatestOutcomeAtUs) this.#greatestOutcomeAtUs = fields.atUs
    if (fields.type === RECORD_TYPE.outcome) this.#outcomeSteps.add(stepOfBucket(bucketOfWord(fields.envelopeId)))
    else for (const bucket of fields.buckets) this.#outcomeSteps.add(stepOfBucket(bucket))
  }

  /** Whether there are ids, or outcomes of ids, of one of some steps. */
  hasIdStep(steps: readonly number[]): boolean {
    return steps.some((step) => this.#idSteps.has(step))
  }

  hasOutcomeStep(steps: readonly number[]): boolean {
    return steps.some((step) => this.#outcomeSteps.has(step))
  }

  /** Sequences that have each of some terms, rising. */
  find(terms: readonly number[]): number[][] {
    return terms.length <= FEW_TERMS ? terms.map((term) => this.#findOne(term)) : this.#findMany(terms)
  }

  #findOne(term: number): number[] {
    const found: number[] = []
    const [low, high] = [term * SLICE_RECORDS, (term + 1) * SLICE_RECORDS]
    for (let at = 0; at < this.#count; at++) {
      const posting = this.#postings[at]!
      if (posting >= low && posting < high) found.push(this.first + posting - low)
    }
    return found
  }

  #findMany(terms: readonly number[]): number[][] {
    const found = new Map(terms.map((term): [number, number[]] => [term, []]))
    const [low, high] = [Math.min(...terms) * SLICE_RECORDS, (Math.max(...terms) + 1) * SLICE_RECORDS]
    for (let at = 0; at < this.#count; at++) {
      const posting = this.#postings[at]!
      if (posting < low || posting >= high) continue
      const term = Math.floor(posting / SLICE_RECORDS)
      found.get(term)?.push(this.first + posting - term * SLICE_RECORDS)
    }
    return terms.map((term) => found.get(term)!)
  }

  /** Postings of what was taken; the builder takes nothing more then. */
  postings(): Float64Array {
    return this.#postings.subarray(0, this.#count)
  }

  /** `hash` and `lastAtUs`: of the last record. */
  finish(hash: Uint8Array, lastAtUs: number): FilledSlice {
    return {
      first: this.first,
      hash,
      lastAtUs,
      idSteps: this.#idSteps.sorted(),
      outcomeSteps: this.#outcomeSteps.sorted(),
      greatestId: this.#greatestId,
      greatestOutcomeAtUs: this.#greatestOutcomeAtUs,
      postings: this.postings(),
    }
  }

  readonly #push = (term: number): void => {
    if (this.#count === this.#postings.length) {
      const larger = new Float64Array(this.#postings.length * 2)
      larger.set(this.#postings)
      this.#postings = larger
    }
    this.#postings[this.#count++] = term * SLICE_RECORDS + this.#base
  }
}

/** A set of numbers that mostly come in the order of their size. */
class StepSet {
  readonly #steps = new Set<number>()
  #last = -1

  add(step: number): void {
    if (step === this.#last) return
    this.#last = step
    this.#steps.add(step)
  }

  has(step: number): boolean {
    return this.#steps.has(step)
  }

  sorted(): Uint32Array {
    return Uint32Array.from(this.#steps).sort()
  }
}

/** Whether rising steps have one. */
export function hasStep(steps: Uint32Array, wanted: number): boolean {
  let low = 0
  let high = steps.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (steps[middle]! < wanted) low = middle + 1
    else high = middle
  }
  return steps[low] === wanted
}

/** First sequence of the slice that a sequence belongs to. */
export function sliceStart(sequence: number): number {
  return Math.floor((sequence - 1) / SLICE_RECORDS) * SLICE_RECORDS + 1
}

/** Steps as bytes, little endian as every machine has them that runs this. */
export function bytesOfSteps(steps: Uint32Array): Uint8Array {
  return new Uint8Array(steps.buffer, steps.byteOffset, steps.byteLength)
}

export function stepsOfBytes(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(Uint8Array.from(bytes).buffer)
}
