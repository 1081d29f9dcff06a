import { Worker } from 'node:worker_threads'
import { messageOf } from '@gatehouse/errors'
import { encodeRefusals } from '../append/append-reply.ts'
import { countAppendRecords } from '../append/append-request.ts'
import type { EngineState } from './commit-engine.ts'
import { type Committer, STATE_BEFORE_START } from './committer.ts'
import type { CommitThreadData, FromCommitThread, ToCommitThread } from './worker-messages.ts'

export interface ThreadCommitterOptions {
  readonly data: CommitThreadData
  /** Bytes that may be with the thread; batches beyond are refused. */
  readonly maxPendingBytes: number
  /** How long to wait before a thread that ended is started anew. */
  readonly restartMs: number
}

interface Waiting {
  readonly onReply: ((reply: Uint8Array) => void) | undefined
  readonly onDone: (() => void) | undefined
  readonly records: number
  readonly sizeBytes: number
}

const READY_ID = 0

/** Runs the engine in a thread of its own: the disk never holds up the event loop that serves the sockets. */
export class ThreadCommitter implements Committer {
  readonly #options: ThreadCommitterOptions
  readonly #onState: (state: EngineState) => void
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #state: EngineState = STATE_BEFORE_START
  #lastId = READY_ID
  #pendingBytes = 0
  #isStopping = false
  #restartTimer: NodeJS.Timeout | undefined

  constructor(options: ThreadCommitterOptions, onState: (state: EngineState) => void) {
    this.#options = options
    this.#onState = onState
  }

  start(): Promise<EngineState> {
    return new Promise((resolve) => {
      this.#waiting.set(READY_ID, { onReply: undefined, onDone: () => resolve(this.#state), records: 0, sizeBytes: 0 })
      this.#spawn()
    })
  }

  append(request: Uint8Array, onReply: (reply: Uint8Array) => void): void {
    // Refused here, where the thread is down or its queue is full; the engine refuses whatever else it must.
    if (this.#worker === undefined || this.#pendingBytes + request.length > this.#options.maxPendingBytes) {
      const code = this.#worker === undefined ? this.#state.code : 'GH-ARCHIVE-BUSY'
      onReply(encodeRefusals(countAppendRecords(request), code))
      return
    }
    const records = countAppendRecords(request)
    // A view into a larger buffer is copied; the rest of that buffer is not ours to give away.
    const isWhole = request.byteLength === request.buffer.byteLength
    const bytes = isWhole ? request : new Uint8Array(request)
    const sizeBytes = bytes.length
    this.#pendingBytes += sizeBytes
    this.#send({ kind: 'append', id: this.#wait({ onReply, onDone: undefined, records, sizeBytes }), request: bytes }, [
      bytes.buffer as ArrayBuffer,
    ])
  }

  settle(): Promise<void> {
    return this.#control('settle')
  }

  sign(): Promise<void> {
    return this.#control('sign')
  }

  state(): EngineState {
    return this.#state
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return
    this.#isStopping = true
    clearTimeout(this.#restartTimer)
    const worker = this.#worker
    if (worker === undefined) return
    await this.#control('stop')
    this.#worker = undefined
    await worker.terminate()
  }

  #control(kind: 'settle' | 'sign' | 'stop'): Promise<void> {
    if (this.#worker === undefined) return Promise.resolve()
    return new Promise((resolve) => {
      this.#send({ kind, id: this.#wait({ onReply: undefined, onDone: resolve, records: 0, sizeBytes: 0 }) }, [])
    })
  }

  #wait(waiting: Waiting): number {
    this.#lastId++
    this.#waiting.set(this.#lastId, waiting)
    return this.#lastId
  }

  #send(message: ToCommitThread, transfer: readonly ArrayBuffer[]): void {
    this.#worker?.postMessage(message, transfer)
  }

  #spawn(): void {
    // The same file as TypeScript when run from source, as JavaScript when built.
    const entry = new URL(import.meta.url.endsWith('.ts') ? './commit-thread.ts' : './commit-thread.js', import.meta.url)
    const worker = new Worker(entry, { workerData: this.#options.data })
    this.#worker = worker
    let why = ''
    worker.on('message', (message: FromCommitThread) => this.#take(message))
    worker.on('error', (thrown: unknown) => {
      why = messageOf(thrown)
    })
    worker.on('exit', () => {
      if (this.#worker === worker) this.#onExit(why)
    })
  }

  #take(message: FromCommitThread): void {
    if (message.state !== undefined) this.#note(message.state)
    for (const [at, id] of message.ids.entries()) {
      const waiting = this.#waiting.get(id)
      if (waiting === undefined) continue
      this.#waiting.delete(id)
      this.#pendingBytes -= waiting.sizeBytes
      waiting.onDone?.()
      waiting.onReply?.(message.replies[at]!)
    }
  }

  #note(state: EngineState): void {
    const before = this.#state
    this.#state = state
    if (before.isAccepting !== state.isAccepting || before.code !== state.code) this.#onState(state)
  }

  #onExit(why: string): void {
    this.#worker = undefined
    this.#pendingBytes = 0
    this.#state = { ...this.#state, isAccepting: false, code: 'GH-ARCHIVE-THREAD', detail: why }
    this.#onState(this.#state)
    const lost = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { onReply, onDone, records } of lost) {
      onDone?.()
      onReply?.(encodeRefusals(records, 'GH-ARCHIVE-THREAD'))
    }
    if (!this.#isStopping) this.#restartTimer = setTimeout(() => this.#spawn(), this.#options.restartMs)
  }
}
