import { outcomeBucket, RECORD_TYPE, type RecordFields, scanRecord } from '../append/record-fields.ts'
import { searchAddress, searchDomain } from '../append/search-address.ts'
import type { Hold } from '../seal/key-vault.ts'
import type { Awaitable, LogRecord, StoredLogRecord } from '../store/log-source.ts'
import { outcomesIn, type RecordedOutcome, type Told, ToldOutcomes } from '../store/told-outcomes.ts'
import { hasStep, type SliceBuilder, sliceStart } from './slice.ts'
import type { SliceSource } from './slice-source.ts'
import { TailSlices } from './tail-slices.ts'
import { bodyKeyTerm, idTerm, outcomeTerm, SLICE_RECORDS, stepOfBucket, stepOfWord } from './terms.ts'

/** The records of a log, whichever database has them. */
export interface RecordSource {
  /** Sequence of the last record; 0 when there is none. */
  lastSequence(): Awaitable<number>
  /** At most `limit` records after one sequence up to another, in order. */
  page(after: number, upTo: number, limit: number): Awaitable<LogRecord[]>
  /** Those that are there, in the order given. */
  recordsAt(sequences: readonly number[]): Awaitable<LogRecord[]>
  /** Hash of the record before each of some; empty where that is missing. */
  hashesBefore(sequences: readonly number[]): Awaitable<readonly Uint8Array[]>
}

// Where little is found in a slice, many are asked at once.
const MOST_SLICES = 64
const READ_RECORDS = 200

/**
 * Finds records by terms: in the slices of the index and, what is not indexed yet, in the log itself. All it hands out was compared with the
 * records.
 */
export class LogFinder {
  readonly #records: RecordSource
  readonly #openSlices: () => SliceSource
  readonly #tail: TailSlices
  readonly #told = new ToldOutcomes()

  /** `slices`: the index as it is now; asked anew for each question. */
  constructor(records: RecordSource, slices: () => SliceSource) {
    this.#records = records
    this.#openSlices = slices
    this.#tail = new TailSlices(records)
  }

  /** Sequences from one to before another that have all of some terms, and rarely one that has not; newest first, slice by slice. */
  async *withTerms(terms: readonly number[], first: number, before: number): AsyncGenerator<readonly number[]> {
    const index = this.#openSlices()
    const slices = await index.slices()
    const inRange = (sequences: readonly number[]): number[] =>
      sequences.filter((sequence) => sequence >= first && sequence < before).reverse()
    let start = sliceStart(before - 1)
    for (; start >= first - SLICE_RECORDS + 1 && start > slices.length * SLICE_RECORDS; start -= SLICE_RECORDS)
      yield inRange(common(await this.#tail.find(start, terms)))
    for (let width = 1, to = Math.floor((start - 1) / SLICE_RECORDS) + 1; to > 0; width = Math.min(width * 2, MOST_SLICES)) {
      const from = Math.max(0, to - width)
      const wanted = slices.slice(from, to).filter((slice) => slice.first + SLICE_RECORDS > first)
      const found = await Promise.all(terms.map(async (term) => await index.find(wanted, term)))
      for (let at = wanted.length - 1; at >= 0; at--) yield inRange(common(found.map((lists) => lists[at]!)))
      if (wanted.length < to - from) return
      to = from
    }
  }

  /** What those records are, with what search looks at. */
  async read(sequences: readonly number[]): Promise<{ readonly record: LogRecord; readonly fields: RecordFields }[]> {
    const records = await this.#records.recordsAt(sequences)
    return records.flatMap((record) => {
      const fields = scanRecord(record.record)
      return fields === undefined ? [] : [{ record, fields }]
    })
  }

  async sequenceOfEnvelope(envelopeId: Uint8Array): Promise<number | undefined> {
    if (envelopeId.length !== 16) return undefined
    const word = Buffer.from(envelopeId).toString('latin1')
    const sequences = await this.#everywhere([idTerm(word)], 'idSteps', [stepOfWord(word)])
    const entries = await this.read(sequences.get(idTerm(word)) ?? [])
    return entries.find(({ fields }) => fields.type === RECORD_TYPE.entry && fields.envelopeId === word)?.record.sequence
  }

  /** What became of messages, each in the order of the log; by envelope id as latin1 text. */
  async outcomesOf(envelopeIds: readonly Uint8Array[]): Promise<ReadonlyMap<string, RecordedOutcome[]>> {
    const buckets = [...new Set(envelopeIds.map(outcomeBucket))]
    const steps = [...new Set(buckets.map(stepOfBucket))]
    const found = await this.#everywhere(buckets.map(outcomeTerm), 'outcomeSteps', steps)
    const sequences = [...new Set([...found.values()].flat())].sort((a, b) => a - b)
    const told = new Map<number, Told>()
    const missing: number[] = []
    for (const sequence of sequences) {
      const known = this.#told.get(sequence)
      if (known === undefined) missing.push(sequence)
      else told.set(sequence, known)
    }
    for (const { sequence, record } of await this.#records.recordsAt(missing)) told.set(sequence, this.#told.take(sequence, record))
    return outcomesIn(
      sequences.flatMap((sequence) => told.get(sequence) ?? []),
      envelopeIds,
    )
  }

  /** Records with what belongs to them, for handing out. */
  async stored(sequences: readonly number[]): Promise<StoredLogRecord[]> {
    const records = await this.#records.recordsAt(sequences)
    const words = records.map(({ record }) => {
      const fields = scanRecord(record)
      return fields?.type === RECORD_TYPE.entry ? fields.envelopeId : undefined
    })
    const ids = words.flatMap((word) => (word === undefined ? [] : Buffer.from(word, 'latin1')))
    const outcomes = ids.length === 0 ? undefined : await this.outcomesOf(ids)
    const previous = await this.#records.hashesBefore(records.map(({ sequence }) => sequence))
    return records.map((record, at) => {
      const word = words[at]
      const outcomeStatus = word === undefined ? 0 : (outcomes?.get(word)?.at(-1)?.status ?? 0)
      return { ...record, previousHash: previous[at]!, outcomeStatus }
    })
  }

  /** Whether a hold protects an entry that is sealed with a key. */
  async hasEntryUnder(keyId: number, hold: Hold): Promise<boolean> {
    const before = (await this.#records.lastSequence()) + 1
    for await (const sequences of this.withTerms([bodyKeyTerm(keyId)], 1, before)) {
      for (let at = 0; at < sequences.length; at += READ_RECORDS) {
        const entries = await this.read(sequences.slice(at, at + READ_RECORDS))
        if (entries.some(({ fields }) => fields.keyId === keyId && isHeld(fields, hold))) return true
      }
    }
    return false
  }

  /** Sequences of each term, in the slices that have one of the steps of time and in what is not indexed. */
  async #everywhere(terms: readonly number[], kind: 'idSteps' | 'outcomeSteps', steps: readonly number[]): Promise<Map<number, number[]>> {
    const index = this.#openSlices()
    const slices = await index.slices()
    const wanted = slices.filter((slice) => steps.some((step) => hasStep(slice[kind], step)))
    const canHave = (slice: SliceBuilder): boolean => (kind === 'idSteps' ? slice.hasIdStep(steps) : slice.hasOutcomeStep(steps))
    const found = new Map<number, number[]>()
    for (const term of new Set(terms)) found.set(term, wanted.length === 0 ? [] : (await index.find(wanted, term)).flat())
    const last = await this.#records.lastSequence()
    for (let start = slices.length * SLICE_RECORDS + 1; start <= last; start += SLICE_RECORDS) {
      const lists = await this.#tail.find(start, terms, canHave)
      for (const [at, term] of terms.entries()) found.get(term)?.push(...lists[at]!)
    }
    return found
  }
}

/** What all rising lists have. */
function common(lists: readonly (readonly number[])[]): readonly number[] {
  if (lists.length === 1) return lists[0]!
  const [shortest, ...others] = [...lists].sort((a, b) => a.length - b.length)
  let left = shortest ?? []
  for (const other of others) {
    if (left.length === 0) break
    const has = new Set(other)
    left = left.filter((sequence) => has.has(sequence))
  }
  return left
}

function isHeld(fields: RecordFields, { user, domain, conversation, sinceUs, untilUs }: Hold): boolean {
  const [from, to] = [searchAddress(fields.fromAddress), searchAddress(fields.toAddress)]
  const isOfUser = user === '' || [from, to].includes(searchAddress(user))
  const isOfDomain = domain === '' || [searchDomain(from), searchDomain(to)].includes(domain.toLowerCase())
  const isOfConversation = conversation === '' || fields.conversation === conversation
  return isOfUser && isOfDomain && isOfConversation && fields.atUs >= sinceUs && (untilUs === 0 || fields.atUs < untilUs)
}
