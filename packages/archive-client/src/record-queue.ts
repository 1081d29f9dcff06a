import { framedSize } from './append-frames.ts'
import type { OnAppended } from './append-outcome.ts'

/** Records that travel together. */
export interface Batch {
  readonly records: Uint8Array[]
  readonly callbacks: OnAppended[]
  /** Beside the records; empty where no order is asked for. */
  readonly senders: string[]
  sizeBytes: number
  /** `senders` once somebody asks. */
  senderSet?: ReadonlySet<string>
}

/** So many records travel together at the most. */
export const MAX_BATCH_RECORDS = 1000
// From this size on a batch is worth its own request beside others.
const PIPELINED_RECORDS = 64
const PIPELINED_BYTES = 128 * 1024

const NONE_BLOCKED = { records: 0, bytes: 0 }

/** Records that wait for the archive, in their order, and the batches that are made of them. */
export class RecordQueue {
  readonly #maxBatchBytes: number
  #waiting: Batch = emptyBatch()
  /** Those that wait for a batch under way which has one of the same sender, as of the last look. */
  #blocked = NONE_BLOCKED

  constructor(maxBatchBytes: number) {
    this.#maxBatchBytes = maxBatchBytes
  }

  get count(): number {
    return this.#waiting.records.length
  }

  get bytes(): number {
    return this.#waiting.sizeBytes
  }

  push(record: Uint8Array, sizeBytes: number, onDone: OnAppended, sender: string): void {
    add(this.#waiting, record, sizeBytes, onDone, sender)
  }

  /** They go before anything that came later. */
  putBack(batches: readonly Batch[]): void {
    const all = [...batches, this.#waiting]
    this.#waiting = {
      records: all.flatMap(({ records }) => records),
      callbacks: all.flatMap(({ callbacks }) => callbacks),
      senders: all.flatMap(({ senders }) => senders),
      sizeBytes: all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    }
  }

  /** A batch is over: what waited for it waits no more. */
  unblock(): void {
    this.#blocked = NONE_BLOCKED
  }

  /** Whether enough may have come for a request beside others. */
  get isWorthPipelining(): boolean {
    return isWorthPipelining(this.count - this.#blocked.records, this.bytes - this.#blocked.bytes)
  }

  takeAll(): Batch {
    const all = this.#waiting
    this.#waiting = emptyBatch()
    return all
  }

  /** The oldest, as many as travel together. */
  takeBatch(): Batch {
    const { records, callbacks, senders, sizeBytes } = this.#waiting
    if (records.length <= MAX_BATCH_RECORDS && sizeBytes <= this.#maxBatchBytes) return this.takeAll()
    let count = 0
    let takenBytes = 0
    for (; count < Math.min(records.length, MAX_BATCH_RECORDS); count++) {
      const size = framedSize(records[count] as Uint8Array)
      if (takenBytes + size > this.#maxBatchBytes) break
      takenBytes += size
    }
    this.#waiting.sizeBytes -= takenBytes
    return {
      records: records.splice(0, count),
      callbacks: callbacks.splice(0, count),
      senders: senders.splice(0, count),
      sizeBytes: takenBytes,
    }
  }

  /** A batch beside those under way, of senders that none of them has; undefined: too little for a request of its own. */
  takeBeside(underWay: ReadonlySet<Batch>): Batch | undefined {
    const { records, callbacks, senders } = this.#waiting
    const [batch, rest, blocked] = [emptyBatch(), emptyBatch(), { records: 0, bytes: 0 }]
    // what comes behind one that did not fit stays behind it
    let isFull = false
    for (const [at, record] of records.entries()) {
      const sender = senders[at] as string
      const size = framedSize(record)
      const isBlocked = sender !== '' && hasSender(underWay, sender)
      if (isBlocked) {
        blocked.records++
        blocked.bytes += size
      } else isFull ||= batch.records.length === MAX_BATCH_RECORDS || batch.sizeBytes + size > this.#maxBatchBytes
      add(isBlocked || isFull ? rest : batch, record, size, callbacks[at] as OnAppended, sender)
    }
    this.#blocked = blocked
    if (!isWorthPipelining(batch.records.length, batch.sizeBytes)) return undefined
    this.#waiting = rest
    return batch
  }
}

function emptyBatch(): Batch {
  return { records: [], callbacks: [], senders: [], sizeBytes: 0 }
}

function add(batch: Batch, record: Uint8Array, sizeBytes: number, onDone: OnAppended, sender: string): void {
  batch.records.push(record)
  batch.callbacks.push(onDone)
  batch.senders.push(sender)
  batch.sizeBytes += sizeBytes
}

function hasSender(batches: ReadonlySet<Batch>, sender: string): boolean {
  for (const batch of batches) {
    batch.senderSet ??= new Set(batch.senders)
    if (batch.senderSet.has(sender)) return true
  }
  return false
}

function isWorthPipelining(records: number, bytes: number): boolean {
  return records >= PIPELINED_RECORDS || bytes >= PIPELINED_BYTES
}
