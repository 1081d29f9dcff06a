import { ReverseWriter } from './reverse-writer.ts'

/** What became of a message. */
export interface OutcomeFields {
  /** 16 bytes. */
  readonly envelopeId: Uint8Array
  /** Microseconds since the epoch. */
  readonly atUs: number
  readonly status: number
  readonly code: string
  readonly isCertain: boolean
}

/** An encoded `ArchiveRecord` with `Outcomes`. */
export interface PackedOutcomes {
  readonly record: Uint8Array
  /** Messages it tells of. */
  readonly count: number
}

const ID_BYTES = 16
const MAX_COUNT = 256

/** Messages of which the same became, still open for more. */
class Group {
  readonly status: number
  readonly code: string
  readonly isCertain: boolean
  readonly ids: Buffer = Buffer.allocUnsafeSlow(MAX_COUNT * ID_BYTES)
  readonly afterUs: Float64Array = new Float64Array(MAX_COUNT)
  atUs = 0
  count = 0

  constructor({ status, code, isCertain }: OutcomeFields) {
    this.status = status
    this.code = code
    this.isCertain = isCertain
  }

  takes(outcome: OutcomeFields): boolean {
    return outcome.status === this.status && outcome.code === this.code && outcome.isCertain === this.isCertain
  }
}

/**
 * Gathers outcomes that are alike into one record: nearly all messages come to the same end, and a record costs an order of magnitude
 * more than the 20 bytes that tell of one message.
 */
export class OutcomePacker {
  readonly #writer = new ReverseWriter(8192)
  // Kept from one record to the next: the ends that messages come to are few.
  readonly #groups: Group[] = []
  #count = 0

  /** Outcomes that wait in open groups. */
  get count(): number {
    return this.#count
  }

  /** The record that this outcome filled, if it did. */
  add(outcome: OutcomeFields): PackedOutcomes | undefined {
    const group = this.#groupFor(outcome)
    // The clock was put back: times in a record only rise.
    const full = group.count > 0 && outcome.atUs < group.atUs ? this.#encode(group) : undefined
    if (group.count === 0) group.atUs = outcome.atUs
    group.ids.set(outcome.envelopeId, group.count * ID_BYTES)
    group.afterUs[group.count] = outcome.atUs - group.atUs
    group.count++
    this.#count++
    return full ?? (group.count === MAX_COUNT ? this.#encode(group) : undefined)
  }

  /** What waits, as records. */
  takeAll(): PackedOutcomes[] {
    const packed: PackedOutcomes[] = []
    for (const group of this.#groups) if (group.count > 0) packed.push(this.#encode(group))
    // Refusals have many codes; only what comes all the time keeps its buffers.
    this.#groups.length = Math.min(this.#groups.length, 4)
    return packed
  }

  #groupFor(outcome: OutcomeFields): Group {
    for (const group of this.#groups) if (group.takes(outcome)) return group
    const group = new Group(outcome)
    this.#groups.push(group)
    return group
  }

  #encode(group: Group): PackedOutcomes {
    const writer = this.#writer
    const { count } = group
    const start = writer.length
    writer.flag(6, group.isCertain)
    writer.string(5, group.code)
    writer.uint(4, group.status)
    writer.packed(3, group.afterUs, count)
    writer.uint(2, group.atUs)
    writer.bytes(1, group.ids.subarray(0, count * ID_BYTES))
    writer.message(4, start)
    group.count = 0
    this.#count -= count
    return { record: writer.take(), count }
  }
}
