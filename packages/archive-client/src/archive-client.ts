import { type Bus, type BusReply, busSubjects } from '@gatehouse/bus'
import { batchTraceHeaders, type TraceContext } from '@gatehouse/telemetry'
import { type AppendVerdict, decodeAppendReply, encodeAppendRequest, framedSize } from './append-frames.ts'
import type { AppendOutcome, OnAppended } from './append-outcome.ts'
import { OutcomeBacklog } from './outcome-backlog.ts'
import { type OutcomeFields, OutcomePacker, type PackedOutcomes } from './outcome-packer.ts'
import { type Batch, MAX_BATCH_RECORDS, RecordQueue } from './record-queue.ts'

export interface ArchiveClientOptions {
  /** A commit that takes longer counts as failed. */
  readonly timeoutMs: number
  /** So long records wait for an archive that nobody answers for: one that is started again is back within seconds. */
  readonly patienceMs: number
  /** Records that may wait here or be under way; more are refused at once. */
  readonly maxQueuedRecords: number
  readonly maxQueuedBytes: number
  /** Outcomes that may wait for the archive to come back; the oldest are dropped beyond it. */
  readonly maxQueuedOutcomes: number
  /** After a request of many so long until the next one begins, unless many wait again: a commit costs as much as a dozen records. 0: no wait. */
  readonly gatherMs: number
}

export interface ArchiveClientDeps {
  readonly bus: Bus
  /** Runs after waiting I/O events had their turn: `setImmediate`. */
  readonly defer: (run: () => void) => void
  /** Starts a timer; the result cancels it. */
  readonly setTimer: (run: () => void, delayMs: number) => () => void
}

export interface ArchiveClientStats {
  readonly queuedRecords: number
  readonly queuedBytes: number
  readonly batchesInFlight: number
  readonly queuedOutcomes: number
  /** Since the start. */
  readonly droppedOutcomes: number
}

const NOBODY: readonly TraceContext[] = []

// One request is under way when there is little to do: all that comes meanwhile shares the next commit. From this size on a
// batch is worth its own request, and the archive joins it with others in one transaction.
const MAX_IN_FLIGHT = 8
// A request of so many is one of a busy time; when so many wait, no more are waited for.
const BUSY_RECORDS = 8
const GATHERED_RECORDS = 48
// Outcomes gather so long, so that many share one record; then they ride with the next entries, or go alone.
const OUTCOME_WAIT_MS = 20
const RETRY_MS = 500
// How often an archive that nobody answers for is asked again.
const AWAY_RETRY_MS = 100

const DEFAULTS: ArchiveClientOptions = {
  timeoutMs: 5000,
  patienceMs: 5000,
  maxQueuedRecords: 20_000,
  maxQueuedBytes: 64 * 1024 * 1024,
  maxQueuedOutcomes: 50_000,
  gatherMs: 4,
}

/**
 * Hands records to the archive and says when they are committed. What is appended within one turn of the event loop travels as
 * one batch. Neither a promise nor a timer is made per record.
 */
export class ArchiveClient {
  readonly #deps: ArchiveClientDeps
  readonly #options: ArchiveClientOptions
  readonly #packer = new OutcomePacker()
  readonly #outcomes: OutcomeBacklog
  readonly #maxBatchBytes: number
  readonly #queue: RecordQueue
  /** Records of messages that are followed; nearly always none. */
  readonly #followed = new Map<Uint8Array, TraceContext>()
  #refused: { readonly onDone: OnAppended; readonly outcome: AppendOutcome }[] = []
  /** Batches that nobody took, in their order: they go again before anything that came later. */
  #held: Batch[] = []
  #presence: 'there' | 'awaited' | 'away' = 'there'
  #awaitedTimes = 0
  readonly #underWay = new Set<Batch>()
  #inFlight = 0
  #inFlightRecords = 0
  #inFlightBytes = 0
  #isFlushDue = false
  #isGathering = false
  #isOutcomeTimerSet = false

  constructor(deps: ArchiveClientDeps, options: Partial<ArchiveClientOptions> = {}) {
    this.#deps = deps
    this.#options = { ...DEFAULTS, ...options }
    this.#outcomes = new OutcomeBacklog(this.#options.maxQueuedOutcomes)
    this.#maxBatchBytes = Math.min(deps.bus.maxPayloadBytes, 4 * 1024 * 1024)
    this.#queue = new RecordQueue(this.#maxBatchBytes)
  }

  /**
   * Archives one encoded `ArchiveRecord`; the bytes belong to the client from then on.
   * `onDone` is called exactly once, never inside this call. Records of one `sender` are committed in the order in which they were
   * appended, however many archives there are: batches that are under way at once may be taken by different ones, so none of them has
   * a sender that another has. Empty: in any order. `trace`: of a message that is followed.
   */
  append(record: Uint8Array, onDone: OnAppended, sender = '', trace?: TraceContext): void {
    const size = framedSize(record)
    if (size > this.#maxBatchBytes) this.#refuse(onDone, 'GH-ARCHIVE-RECORD-TOO-LARGE', `${record.length} bytes`)
    else if (this.#isFull(size)) this.#refuse(onDone, 'GH-ARCHIVE-QUEUE-FULL', `${this.#waitingRecords} records wait`)
    else {
      if (trace !== undefined) this.#followed.set(record, trace)
      this.#queue.push(record, size, onDone, sender)
      this.#flushSoon()
    }
  }

  /** Archives what became of a message when it can, together with others; kept and sent again while the archive is away. */
  appendOutcome(outcome: OutcomeFields): void {
    const filled = this.#packer.add(outcome)
    if (filled !== undefined) this.#outcomes.add([filled])
    this.#flushOutcomesIn(OUTCOME_WAIT_MS)
  }

  stats(): ArchiveClientStats {
    return {
      queuedRecords: this.#waitingRecords,
      queuedBytes: this.#queue.bytes + this.#inFlightBytes,
      batchesInFlight: this.#inFlight,
      queuedOutcomes: this.#packer.count + this.#outcomes.count,
      droppedOutcomes: this.#outcomes.dropped,
    }
  }

  /** Resolves when nothing waits or is under way any more, or after `graceMs`; for an orderly stop. */
  drain(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      let isOver = false
      const cancel = this.#deps.setTimer(() => {
        isOver = true
        resolve()
      }, graceMs)
      const look = (): void => {
        if (isOver) return
        this.#outcomes.add(this.#packer.takeAll())
        if (this.#outcomes.count > 0 && this.#inFlight === 0) this.#flush()
        if (this.#queue.count + this.#held.length + this.#inFlight + this.#outcomes.count > 0) this.#deps.setTimer(look, 5)
        else {
          cancel()
          resolve()
        }
      }
      look()
    })
  }

  get #waitingRecords(): number {
    return this.#queue.count + this.#inFlightRecords
  }

  #isFull(size: number): boolean {
    const { maxQueuedRecords, maxQueuedBytes } = this.#options
    return this.#waitingRecords >= maxQueuedRecords || this.#queue.bytes + this.#inFlightBytes + size > maxQueuedBytes
  }

  #refuse(onDone: OnAppended, code: string, detail: string): void {
    this.#refused.push({ onDone, outcome: { ok: false, code, detail, isCertain: true } })
    this.#flushSoon()
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    this.#deps.defer(this.#onTurn)
  }

  readonly #onTurn = (): void => {
    this.#isFlushDue = false
    const refused = this.#refused
    if (refused.length > 0) {
      this.#refused = []
      for (const { onDone, outcome } of refused) onDone(outcome)
    }
    while (this.#queue.count > 0 && this.#maySend() && this.#flush());
  }

  #maySend(): boolean {
    if (this.#presence === 'awaited') return false
    if (this.#inFlight === 0) return !this.#isGathering || this.#queue.count >= GATHERED_RECORDS || this.#queue.isWorthPipelining
    return this.#inFlight < MAX_IN_FLIGHT && this.#queue.isWorthPipelining
  }

  /** False: nothing was sent. */
  #flush(): boolean {
    this.#takeHeld()
    const batch = this.#inFlight === 0 ? this.#queue.takeBatch() : this.#queue.takeBeside(this.#underWay)
    if (batch === undefined) return false
    const { records, callbacks, sizeBytes } = batch
    const outcomes = this.#outcomes.take(MAX_BATCH_RECORDS - records.length, this.#maxBatchBytes - sizeBytes)
    if (records.length + outcomes.packed.length === 0) return false
    const all = outcomes.packed.length === 0 ? records : records.concat(outcomes.packed.map(({ record }) => record))
    const request = encodeAppendRequest(all, sizeBytes + outcomes.sizeBytes)
    this.#inFlight++
    if (records.length >= BUSY_RECORDS) this.#gather()
    this.#underWay.add(batch)
    this.#inFlightRecords += records.length
    this.#inFlightBytes += sizeBytes
    const onReply = (reply: BusReply): void => {
      this.#inFlight--
      this.#underWay.delete(batch)
      this.#queue.unblock()
      if (this.#isToBeHeld(reply, batch)) {
        this.#held.push(batch)
        this.#keepOutcomes(outcomes.packed)
        return
      }
      this.#inFlightRecords -= records.length
      this.#inFlightBytes -= sizeBytes
      this.#forgetTraces(records)
      this.#takeReply(reply, callbacks, outcomes.packed)
      this.#onTurn()
    }
    this.#deps.bus.request(
      busSubjects.archiveAppend.name,
      request,
      this.#options.timeoutMs,
      onReply,
      batchTraceHeaders(this.#tracesOf(records)),
    )
    return true
  }

  /** What comes within some milliseconds after a request of many shares the next one, even if the answer was there sooner. */
  #gather(): void {
    if (this.#isGathering || this.#options.gatherMs === 0) return
    this.#isGathering = true
    this.#deps.setTimer(() => {
      this.#isGathering = false
      this.#onTurn()
    }, this.#options.gatherMs)
  }

  /** Nobody answered for the archive: while it is awaited, what it did not get is kept, certain that it was not committed. */
  #isToBeHeld(reply: BusReply, batch: Batch): boolean {
    if (reply.ok || reply.why !== 'no-responder') {
      this.#presence = 'there'
      return false
    }
    if (batch.records.length === 0 || this.#presence === 'away') return false
    if (this.#presence === 'there') this.#await()
    return true
  }

  #await(): void {
    this.#presence = 'awaited'
    this.#awaitedTimes++
    const time = this.#awaitedTimes
    const isStill = (): boolean => this.#presence === 'awaited' && this.#awaitedTimes === time
    const again = (): void => {
      if (!isStill()) return
      if (this.#inFlight === 0) this.#flush()
      this.#deps.setTimer(again, AWAY_RETRY_MS)
    }
    this.#deps.setTimer(again, AWAY_RETRY_MS)
    this.#deps.setTimer(() => {
      if (isStill()) this.#giveUp()
    }, this.#options.patienceMs)
  }

  #giveUp(): void {
    this.#presence = 'away'
    this.#takeHeld()
    const { records, callbacks } = this.#queue.takeAll()
    this.#forgetTraces(records)
    const detail = `nobody answered for ${this.#options.patienceMs} ms`
    for (const onDone of callbacks) onDone({ ok: false, code: 'GH-ARCHIVE-AWAY', detail, isCertain: true })
  }

  /** What was held goes before what came later. */
  #takeHeld(): void {
    if (this.#held.length === 0) return
    const held = this.#held
    this.#held = []
    for (const { records, sizeBytes } of held) {
      this.#inFlightRecords -= records.length
      this.#inFlightBytes -= sizeBytes
    }
    this.#queue.putBack(held)
  }

  #tracesOf(records: readonly Uint8Array[]): readonly TraceContext[] {
    if (this.#followed.size === 0) return NOBODY
    return records.map((record) => this.#followed.get(record)).filter((trace) => trace !== undefined)
  }

  #forgetTraces(records: readonly Uint8Array[]): void {
    if (this.#followed.size > 0) for (const record of records) this.#followed.delete(record)
  }

  #takeReply(reply: BusReply, callbacks: readonly OnAppended[], outcomes: readonly PackedOutcomes[]): void {
    const failure = reply.ok ? undefined : failureOf(reply)
    const verdicts = reply.ok ? decodeAppendReply(reply.data) : undefined
    const expected = callbacks.length + outcomes.length
    if (verdicts === undefined || verdicts.length !== expected) {
      const outcome = failure ?? {
        ok: false as const,
        code: 'GH-ARCHIVE-ANSWER',
        detail: `${verdicts?.length ?? 'no'} results for ${expected} records`,
        isCertain: false,
      }
      this.#keepOutcomes(outcomes)
      for (const onDone of callbacks) onDone(outcome)
      return
    }
    const failed = outcomes.filter((_, at) => isWorthRetrying(verdicts[callbacks.length + at]!.refusal))
    this.#keepOutcomes(failed)
    for (const [at, onDone] of callbacks.entries()) onDone(outcomeOf(verdicts[at]!))
  }

  #keepOutcomes(packed: readonly PackedOutcomes[]): void {
    if (packed.length === 0) return
    this.#outcomes.giveBack(packed)
    this.#flushOutcomesIn(RETRY_MS)
  }

  #flushOutcomesIn(delayMs: number): void {
    if (this.#isOutcomeTimerSet) return
    this.#isOutcomeTimerSet = true
    this.#deps.setTimer(() => {
      this.#isOutcomeTimerSet = false
      this.#outcomes.add(this.#packer.takeAll())
      if (this.#inFlight === 0 && this.#presence !== 'awaited') this.#flush()
      if (this.#outcomes.count > 0) this.#flushOutcomesIn(OUTCOME_WAIT_MS)
    }, delayMs)
  }
}

/** Refusals by the bus itself, before anything was sent. */
const NOT_SENT: ReadonlySet<string> = new Set(['GH-BUS-BUSY', 'GH-BUS-SUBJECT', 'GH-BUS-PERMISSION'])

/** A malformed record stays malformed; everything else may go through later. */
function isWorthRetrying(refusal: string): boolean {
  return refusal !== '' && refusal !== 'GH-ARCHIVE-MALFORMED'
}

function outcomeOf(verdict: AppendVerdict): AppendOutcome {
  return verdict.refusal === ''
    ? { ok: true, sequence: verdict.sequence, duplicate: verdict.isDuplicate }
    : { ok: false, code: verdict.refusal, detail: 'the archive refused the record', isCertain: true }
}

function failureOf(reply: BusReply & { ok: false }): AppendOutcome {
  if (reply.why === 'timeout') return { ok: false, code: 'GH-ARCHIVE-TIMEOUT', detail: reply.detail, isCertain: false }
  const isCertain = reply.why === 'no-responder' || (reply.why === 'refused' && NOT_SENT.has(reply.detail.split(' ')[0]!))
  return { ok: false, code: 'GH-ARCHIVE-AWAY', detail: `${reply.why}: ${reply.detail}`, isCertain }
}
