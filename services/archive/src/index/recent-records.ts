import { RECORD_TYPE, type RecordFields } from '../append/record-fields.ts'
import { DAY_US, dayNumber } from './days.ts'
import { NumberTable } from './number-table.ts'
import { SeenKeys } from './seen-keys.ts'
import { SliceBuilder, type SliceFacts, sliceStart } from './slice.ts'
import { bucketOfWord, idTerm, keyTerm, outcomeTerm, stepOfBucket, stepOfWord, TERM, textTerm } from './terms.ts'

/** Found before: the same message again (its sequence), or another message under a used id. */
export type Earlier = { readonly sequence: number } | 'id-reused' | undefined

/** A record that may be the same as one that comes in: to be read and compared. */
export interface Suspect {
  readonly sequence: number
  readonly committedAtUs: number
  readonly record: Uint8Array
  readonly fields: RecordFields
}

/** Where the index has to be asked whether a record is in the log: a term, and the slices that can have it. */
export interface Question {
  readonly term: number
  readonly slices: readonly SliceFacts[]
}

/** Records of a slice that the index does not have yet. */
interface Unwritten {
  readonly builder: SliceBuilder
  /** Sequences by key or, of outcomes, by what makes them the same; and by envelope id. */
  readonly same: NumberTable
  readonly ids: NumberTable
}

/** Keys are looked for among those of today and of the day before. */
const KEY_DAYS = 1

/**
 * What the writer of a log keeps in memory so that nothing is recorded twice: the records that have no slice yet, and which keys were seen in
 * two days. A new message asks neither the index nor the log.
 */
export class RecentRecords {
  readonly #unwritten: Unwritten[] = []
  readonly #seen = new SeenKeys()
  readonly #slices: SliceFacts[] = []
  /** Which slices have ids, and outcomes of ids, of a step of time. */
  readonly #ofIdStep = new Map<number, SliceFacts[]>()
  readonly #ofOutcomeStep = new Map<number, SliceFacts[]>()
  #greatestId = ''
  #greatestOutcomeAtUs = 0

  /** A slice that is in the index, in order. Its keys come by `addKeys` if it is of the last two days. */
  addSlice(slice: SliceFacts): void {
    this.#slices.push(slice)
    for (const step of slice.idSteps) put(this.#ofIdStep, step, slice)
    for (const step of slice.outcomeSteps) put(this.#ofOutcomeStep, step, slice)
    if (slice.greatestId > this.#greatestId) this.#greatestId = slice.greatestId
    if (slice.greatestOutcomeAtUs > this.#greatestOutcomeAtUs) this.#greatestOutcomeAtUs = slice.greatestOutcomeAtUs
  }

  /** Terms of the keys in a slice. */
  addKey(term: number, committedAtUs: number): void {
    this.#seen.add(term, committedAtUs)
  }

  /** The next record of the log. */
  add(sequence: number, committedAtUs: number, fields: RecordFields | undefined): void {
    let last = this.#unwritten.at(-1)
    const first = sliceStart(sequence)
    if (last === undefined || last.builder.first !== first) {
      last = { builder: new SliceBuilder(first), same: new NumberTable(), ids: new NumberTable() }
      this.#unwritten.push(last)
    }
    last.builder.add(sequence, fields)
    if (fields === undefined || fields.type === RECORD_TYPE.access) return
    const name = nameTerm(fields)
    last.same.add(name, sequence)
    if (fields.type !== RECORD_TYPE.entry) return
    last.ids.add(textTerm(TERM.id, fields.envelopeId), sequence)
    this.#seen.add(name, committedAtUs)
  }

  /** The slice that was filled last, if it was just filled. */
  get filled(): SliceBuilder | undefined {
    const last = this.#unwritten.at(-1)?.builder
    return last?.isFull === true ? last : undefined
  }

  /** Slices that are full or not, but not in the index. */
  get unwrittenSlices(): number {
    return this.#unwritten.length
  }

  /** The oldest of them is in the index now. */
  written(slice: SliceFacts): void {
    if (this.#unwritten[0]?.builder.first === slice.first) this.#unwritten.shift()
    this.addSlice(slice)
  }

  /** Sequences, of those that have no slice, that may be the same record. */
  suspects(fields: RecordFields): readonly number[] {
    if (fields.type === RECORD_TYPE.access) return NONE
    const name = nameTerm(fields)
    let found = NONE
    for (const { same, ids } of this.#unwritten) {
      found = joined(found, same.get(name))
      if (fields.type === RECORD_TYPE.entry) found = joined(found, ids.get(textTerm(TERM.id, fields.envelopeId)))
    }
    return found
  }

  /** What to ask the index about a record that comes now; nearly never anything. */
  questions(fields: RecordFields, nowUs: number): readonly Question[] {
    if (fields.type === RECORD_TYPE.access) return NO_QUESTIONS
    return fields.type === RECORD_TYPE.entry ? this.#questionsOfEntry(fields, nowUs) : this.#questionsOfOutcome(fields)
  }

  #questionsOfEntry(fields: RecordFields, nowUs: number): readonly Question[] {
    let questions = NO_QUESTIONS
    const term = keyTerm(fields.idempotencyKey)
    const sinceUs = (dayNumber(nowUs) - KEY_DAYS) * DAY_US
    const isKnown = this.#seen.unknownUntilUs < sinceUs
    if (!isKnown || this.#seen.mayHave(term, sinceUs))
      questions = [{ term, slices: this.#slices.filter(({ lastAtUs }) => lastAtUs >= sinceUs) }]
    // Ids begin with their time: one beyond all that have a slice, as nearly every new one is, needs no look-up.
    if (fields.envelopeId > this.#greatestId) return questions
    const slices = this.#ofIdStep.get(stepOfWord(fields.envelopeId))
    return slices === undefined ? questions : [...questions, { term: idTerm(fields.envelopeId), slices }]
  }

  #questionsOfOutcome(fields: RecordFields): readonly Question[] {
    if (fields.atUs > this.#greatestOutcomeAtUs) return NO_QUESTIONS
    const bucket = fields.type === RECORD_TYPE.outcomes ? fields.buckets[0]! : bucketOfWord(fields.envelopeId)
    const slices = this.#ofOutcomeStep.get(stepOfBucket(bucket))
    return slices === undefined ? NO_QUESTIONS : [{ term: outcomeTerm(bucket), slices }]
  }
}

/** What a suspect makes of a record that comes in. */
export function judge(fields: RecordFields, record: Uint8Array, suspect: Suspect, nowUs: number): Earlier {
  const earlier = suspect.fields
  if (earlier.type !== fields.type) return undefined
  if (fields.type === RECORD_TYPE.outcomes) return isEqual(record, suspect.record) ? suspect : undefined
  if (fields.type === RECORD_TYPE.outcome) {
    const isSame = earlier.envelopeId === fields.envelopeId && earlier.atUs === fields.atUs && earlier.status === fields.status
    return isSame ? suspect : undefined
  }
  const isSameId = earlier.envelopeId === fields.envelopeId
  if (earlier.idempotencyKey !== fields.idempotencyKey) return isSameId ? 'id-reused' : undefined
  return isSameId || dayNumber(suspect.committedAtUs) >= dayNumber(nowUs) - KEY_DAYS ? suspect : undefined
}

/** Of what several suspects make of a record: the same one, if one is. */
export function clearer(one: Earlier, other: Earlier): Earlier {
  if (one === undefined || (one === 'id-reused' && other !== undefined)) return other
  return one
}

/** Of the key, or of what else makes a record the same. */
export function nameTerm(fields: RecordFields): number {
  if (fields.type === RECORD_TYPE.entry) return keyTerm(fields.idempotencyKey)
  return textTerm(TERM.outcome, `${fields.envelopeId}${fields.atUs} ${fields.status} ${fields.count}`)
}

function put(slices: Map<number, SliceFacts[]>, step: number, slice: SliceFacts): void {
  const known = slices.get(step)
  if (known === undefined) slices.set(step, [slice])
  else known.push(slice)
}

function joined(one: readonly number[], other: readonly number[]): readonly number[] {
  if (other.length === 0) return one
  return one.length === 0 ? other : [...one, ...other]
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && Buffer.compare(one, other) === 0
}

const NONE: readonly number[] = []
const NO_QUESTIONS: readonly Question[] = []
