import { type AppendResult, encodeAppendReply, encodeRefusals } from '../append/append-reply.ts'
import { splitAppendRequest } from '../append/append-request.ts'
import type { SigningKey } from '../chain/signing-key.ts'
import { codeOfPostgres } from '../store/postgres/postgres-code.ts'
import { openPostgresWriter, type PostgresWriter, type PostgresWriterOptions } from '../store/postgres/postgres-writer.ts'
import { copyCheckpoint } from './checkpoint-file.ts'
import type { CheckpointRules, EngineState } from './commit-engine.ts'
import { type Committer, STATE_BEFORE_START } from './committer.ts'

export interface PostgresCommitterOptions extends PostgresWriterOptions {
  readonly checkpoints: CheckpointRules
  readonly key: SigningKey
  /** Microseconds since the epoch. */
  readonly nowUs: () => number
  /** Bytes that may wait; batches beyond are refused. */
  readonly maxPendingBytes: number
}

interface Waiting {
  readonly records: readonly Uint8Array[]
  readonly sizeBytes: number
  readonly onReply: (reply: Uint8Array) => void
}

// More would keep the first sender of a transaction waiting for the last, and the other replicas for their turn.
const MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
const TICK_MS = 250

/**
 * Commits to PostgreSQL from the event loop: the server does the waiting for the disk. While one transaction is under way the next one
 * fills. After a failure it takes nothing until it has connected anew and checked the end of the log.
 */
export class PostgresCommitter implements Committer {
  readonly #options: PostgresCommitterOptions
  readonly #onState: (state: EngineState) => void
  #writer: PostgresWriter | undefined
  #state: EngineState = STATE_BEFORE_START
  #queue: Waiting[] = []
  #pendingBytes = 0
  /** The one thing that uses the connection now; resolved when none does. */
  #turn: Promise<void> = Promise.resolve()
  #isDraining = false
  #isStopping = false
  #signedAtUs: number
  #ticker: NodeJS.Timeout | undefined

  constructor(options: PostgresCommitterOptions, onState: (state: EngineState) => void) {
    this.#options = options
    this.#onState = onState
    this.#signedAtUs = options.nowUs()
  }

  async start(): Promise<EngineState> {
    await this.#inTurn(() => this.#recover())
    this.#ticker = setInterval(() => void this.#inTurn(() => this.#tick()), TICK_MS)
    return this.#state
  }

  append(request: Uint8Array, onReply: (reply: Uint8Array) => void): void {
    const records = splitAppendRequest(request) ?? []
    const isFull = this.#pendingBytes + request.length > this.#options.maxPendingBytes
    if (!this.#state.isAccepting || isFull) {
      this.#refuse(records.length, onReply, isFull ? 'GH-ARCHIVE-BUSY' : this.#state.code)
      return
    }
    this.#pendingBytes += request.length
    this.#queue.push({ records, sizeBytes: request.length, onReply })
    this.#drain()
  }

  async settle(): Promise<void> {
    while (this.#queue.length > 0) await this.#inTurn(() => this.#commitWaiting())
    await this.#turn
  }

  sign(): Promise<void> {
    return this.#inTurn(() => this.#sign(Number.POSITIVE_INFINITY))
  }

  state(): EngineState {
    return this.#state
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return
    this.#isStopping = true
    clearInterval(this.#ticker)
    while (this.#queue.length > 0 && this.#state.isAccepting) await this.#inTurn(() => this.#commitWaiting())
    await this.sign()
    await this.#inTurn(async () => {
      await this.#writer?.close()
      this.#writer = undefined
      this.#note({ isAccepting: false, code: 'GH-ARCHIVE-STOPPING', detail: 'stopped' })
      this.#refuseWaiting()
    })
  }

  #drain(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    // After the events that wait: what they append shares the transaction.
    setImmediate(() => {
      void this.#inTurn(() => this.#commitWaiting()).then(() => {
        this.#isDraining = false
        if (this.#queue.length > 0) this.#drain()
      })
    })
  }

  async #commitWaiting(): Promise<void> {
    const writer = this.#writer
    if (writer === undefined || !this.#state.isAccepting) return this.#refuseWaiting()
    const batch = this.#takeBatch()
    if (batch.length === 0) return
    let results: readonly AppendResult[]
    try {
      results = await writer.append(
        batch.flatMap(({ records }) => records),
        this.#options.nowUs(),
      )
    } catch (thrown) {
      for (const { records, onReply } of batch) this.#refuse(records.length, onReply, codeOfPostgres(thrown).code)
      return await this.#fail(thrown)
    }
    this.#noteCommit(writer, results)
    answer(batch, results)
    try {
      writer.index()
    } catch (thrown) {
      return await this.#fail(thrown)
    }
    if (writer.head.sequence - this.#state.checkpointSequence >= this.#options.checkpoints.everyRecords)
      await this.#sign(Number.POSITIVE_INFINITY)
  }

  #takeBatch(): Waiting[] {
    const batch: Waiting[] = []
    let sizeBytes = 0
    while (sizeBytes < MAX_TRANSACTION_BYTES) {
      const next = this.#queue.shift()
      if (next === undefined) break
      batch.push(next)
      sizeBytes += next.sizeBytes
    }
    this.#pendingBytes -= sizeBytes
    return batch
  }

  async #tick(): Promise<void> {
    if (this.#isStopping) return
    if (!this.#state.isAccepting) return await this.#recover()
    const { nowUs, checkpoints } = this.#options
    const dueUs = nowUs() - checkpoints.everyMs * 1000
    // Another replica may have signed since.
    if (this.#signedAtUs <= dueUs) await this.#sign(dueUs)
  }

  async #recover(): Promise<void> {
    try {
      await this.#writer?.close()
      this.#writer = undefined
      // The connection may be lost before it is a writer: then opening fails, and there is nothing else to do about it.
      let opened: PostgresWriter | undefined
      const writer = await openPostgresWriter(this.#options, (thrown) => void this.#inTurn(() => this.#lost(opened, thrown)))
      opened = writer
      this.#writer = writer
      const checkpointSequence = await writer.signedSequence()
      this.#note({ isAccepting: true, code: '', detail: '', checkpointSequence, ...headOf(writer) })
    } catch (thrown) {
      await this.#fail(thrown)
    }
  }

  /** The connection ended by itself; between two transactions nothing but this tells. */
  async #lost(writer: PostgresWriter | undefined, thrown: Error): Promise<void> {
    if (writer !== undefined && this.#writer === writer && this.#state.isAccepting) await this.#fail(thrown)
  }

  async #sign(notSinceUs: number): Promise<void> {
    const writer = this.#writer
    if (writer === undefined || !this.#state.isAccepting) return
    const { key, nowUs, checkpoints } = this.#options
    try {
      const { checkpoint, at } = await writer.sign(key, nowUs(), notSinceUs)
      this.#signedAtUs = nowUs()
      const checkpointTrouble = checkpoint === undefined ? this.#state.checkpointTrouble : copyCheckpoint(checkpoint, checkpoints.file)
      this.#note({ checkpointSequence: at, checkpointTrouble })
    } catch (thrown) {
      await this.#fail(thrown)
    }
  }

  async #fail(thrown: unknown): Promise<void> {
    const writer = this.#writer
    this.#writer = undefined
    this.#note({ isAccepting: false, ...codeOfPostgres(thrown) })
    this.#refuseWaiting()
    await writer?.close()
  }

  #refuseWaiting(): void {
    const waiting = this.#queue
    this.#queue = []
    this.#pendingBytes = 0
    for (const { records, onReply } of waiting) this.#refuse(records.length, onReply, this.#state.code)
  }

  #refuse(count: number, onReply: (reply: Uint8Array) => void, code: string): void {
    this.#state = { ...this.#state, refused: this.#state.refused + count }
    onReply(encodeRefusals(count, code))
  }

  #noteCommit(writer: PostgresWriter, results: readonly AppendResult[]): void {
    const refused = results.filter(({ refusal }) => refusal !== '').length
    const { commits, records } = this.#state
    this.#state = {
      ...this.#state,
      ...headOf(writer),
      commits: commits + 1,
      records: records + results.length - refused,
      refused: this.#state.refused + refused,
    }
  }

  #note(news: Partial<EngineState>): void {
    const before = this.#state
    this.#state = { ...before, ...news }
    if (before.isAccepting !== this.#state.isAccepting || before.code !== this.#state.code) this.#onState(this.#state)
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(run)
    return this.#turn
  }
}

function headOf({ head }: PostgresWriter): Pick<EngineState, 'sequence' | 'hash' | 'lastCommitUs'> {
  return { sequence: head.sequence, hash: head.hash, lastCommitUs: head.committedAtUs }
}

function answer(batch: readonly Waiting[], results: readonly AppendResult[]): void {
  let at = 0
  for (const { records, onReply } of batch) {
    onReply(encodeAppendReply(results.slice(at, at + records.length)))
    at += records.length
  }
}
