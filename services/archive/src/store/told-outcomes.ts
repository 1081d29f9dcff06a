import { fromBinary } from '@bufbuild/protobuf'
import { ArchiveRecordSchema } from '@gatehouse/proto'

/** What the log says became of one message. */
export interface RecordedOutcome {
  readonly sequence: number
  /** Microseconds since the epoch. */
  readonly atUs: number
  readonly status: number
  readonly code: string
  readonly isCertain: boolean
}

/** The outcomes of one record, by envelope id as latin1 text. */
export type Told = ReadonlyMap<string, RecordedOutcome>

// Whoever reads messages in the order of the log asks for the same few records over and over.
const MAX_KNOWN = 256

/** What the records tell that were read last. */
export class ToldOutcomes {
  readonly #known = new Map<number, Told>()

  get(sequence: number): Told | undefined {
    return this.#known.get(sequence)
  }

  /** Reads a record, and keeps what it tells instead of what was read long ago. */
  take(sequence: number, record: Uint8Array): Told {
    const told = read(sequence, record)
    this.#known.set(sequence, told)
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break
      this.#known.delete(oldest)
    }
    return told
  }
}

/** What some records, in the order of the log, tell of messages; by envelope id as latin1 text. */
export function outcomesIn(records: readonly Told[], envelopeIds: readonly Uint8Array[]): Map<string, RecordedOutcome[]> {
  const found = new Map(envelopeIds.map((id): [string, RecordedOutcome[]] => [wordOf(id), []]))
  for (const told of records) {
    for (const [word, outcomes] of found) {
      const outcome = told.get(word)
      if (outcome !== undefined) outcomes.push(outcome)
    }
  }
  return found
}

function read(sequence: number, record: Uint8Array): Told {
  const told = new Map<string, RecordedOutcome>()
  const { content } = fromBinary(ArchiveRecordSchema, record)
  if (content.case === 'outcome') {
    const { envelopeId, atUs, status, code, certain } = content.value
    told.set(wordOf(envelopeId), { sequence, atUs: Number(atUs), status, code, isCertain: certain })
  } else if (content.case === 'outcomes') {
    const { envelopeIds, atUs, afterUs, status, code, certain } = content.value
    const ids = wordOf(envelopeIds)
    for (const [at, after] of afterUs.entries()) {
      told.set(ids.slice(at * 16, at * 16 + 16), { sequence, atUs: Number(atUs + after), status, code, isCertain: certain })
    }
  }
  return told
}

function wordOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
