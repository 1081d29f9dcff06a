import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { messageOf } from '@gatehouse/errors'
import type { PolicyObject } from '@gatehouse/policy-engine'
import { type Assembled, assembleSnapshot, type ReadChunks } from '@gatehouse/policy-follow'
import { policyError } from '../errors.ts'
import type { ApplyOrder, ApplyOutcome, DiffOrder, OrderFile, RollbackOrder } from './orders.ts'
import type { ProposedPolicy } from './revision-maker.ts'
import {
  type FromMakerThread,
  type MakerAnswers,
  type MakerCall,
  type MakerThreadData,
  type PackedInForce,
  type PackedObjects,
  type ToMakerThread,
  unpackError,
} from './thread-messages.ts'
import type { InForce, Made, Workshop } from './workshop.ts'

/** Copying so much to the thread takes less than a millisecond. */
const MAX_PIECE_CHARS = 1_048_576

/** A policy of 100,000 entries takes a tenth of it; what needs more ends the thread, not the service. */
const MAX_HEAP_MIB = 2_048

interface Waiting {
  readonly onAnswer: (answer: Extract<FromMakerThread, { kind: 'answer' }>) => void
  readonly onFailure: (error: Error) => void
}

/**
 * Makes revisions in a thread of its own: however large the documents are, the event loop that answers everybody else goes on. The
 * thread starts with the first call. What it makes comes over as the parts of a snapshot, which are unpacked here in slices.
 */
export class ThreadWorkshop implements Workshop {
  readonly #data: MakerThreadData
  readonly #log: (text: string) => void
  readonly #maxHeapMiB: number
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #lastId = 0
  /** Of the revision handed over last. */
  #parts: ReadonlyMap<string, Uint8Array> = new Map()
  #chunks: ReadChunks = new Map()

  constructor(data: MakerThreadData, log: (text: string) => void, maxHeapMiB: number = MAX_HEAP_MIB) {
    this.#data = data
    this.#log = log
    this.#maxHeapMiB = maxHeapMiB
  }

  refresh(known: number): Promise<Made<undefined>> {
    return this.#change({ name: 'refresh', known })
  }

  apply({ files, ...order }: ApplyOrder, known: number): Promise<Made<ApplyOutcome>> {
    return this.#change({ name: 'apply', order, known }, files)
  }

  rollback(order: RollbackOrder, known: number): Promise<Made<ApplyOutcome>> {
    return this.#change({ name: 'rollback', order, known })
  }

  async diff({ files, ...order }: DiffOrder): Promise<MakerAnswers['diff']> {
    return (await this.#call({ name: 'diff', order }, files)).outcome
  }

  async propose({ files, ...order }: Pick<DiffOrder, 'files' | 'prunes' | 'nowMs'>): Promise<ProposedPolicy> {
    const { outcome } = await this.#call({ name: 'propose', order }, files)
    return { ...outcome, objects: await unpack(outcome.objects) }
  }

  async objectsAt(revision: number): Promise<readonly PolicyObject[]> {
    return await unpack((await this.#call({ name: 'objectsAt', revision })).outcome)
  }

  async close(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    await this.#call({ name: 'close' })
    this.#worker = undefined
    await worker.terminate()
  }

  async #change<N extends 'refresh' | 'apply' | 'rollback'>(
    call: Extract<MakerCall, { name: N }>,
    files: readonly OrderFile[] = [],
  ): Promise<Made<MakerAnswers[N]>> {
    const { outcome, inForce } = await this.#call<N>(call, files)
    return { outcome, inForce: inForce === undefined ? undefined : await this.#takeOver(inForce) }
  }

  async #takeOver({ row, objects: { manifest, parts } }: PackedInForce): Promise<InForce> {
    const all = new Map<string, Uint8Array>()
    for (const { parts: hashes } of manifest.chunks) {
      for (const hash of hashes) all.set(hash, parts.get(hash) ?? this.#parts.get(hash)!)
    }
    const assembled = await assembleSnapshot(manifest, { parts: all, isWanted: () => true, known: this.#chunks })
    if (assembled?.ok !== true) {
      // the two threads do not agree on what was handed over: the next call begins anew
      await this.#worker?.terminate()
      throw unreadable(assembled)
    }
    this.#parts = all
    this.#chunks = assembled.chunks
    return { row, snapshot: assembled.snapshot, split: { manifest, parts: all } }
  }

  async #call<N extends MakerCall['name']>(
    call: Extract<MakerCall, { name: N }>,
    files: readonly OrderFile[] = [],
  ): Promise<{ readonly outcome: MakerAnswers[N]; readonly inForce: PackedInForce | undefined }> {
    this.#worker ??= this.#spawn()
    this.#worker.ref()
    const id = ++this.#lastId
    const answer = new Promise<Extract<FromMakerThread, { kind: 'answer' }>>((onAnswer, onFailure) => {
      this.#waiting.set(id, { onAnswer, onFailure })
    })
    // looked at below; until then a thread that ends must not be an unhandled rejection
    answer.catch(() => undefined)
    for (const [file, { name, text }] of files.entries()) await this.#sendFile(id, file, name, text)
    this.#send({ kind: 'call', id, call })
    const { outcome, inForce } = await answer
    return { outcome: outcome as MakerAnswers[N], inForce }
  }

  async #sendFile(id: number, file: number, name: string, text: OrderFile['text']): Promise<void> {
    for (const piece of typeof text === 'string' ? [text] : text) {
      for (let at = 0; at === 0 || at < piece.length; at += MAX_PIECE_CHARS) {
        this.#send({ kind: 'piece', id, file, name, text: piece.slice(at, at + MAX_PIECE_CHARS) })
        if (piece.length > MAX_PIECE_CHARS) await setImmediate()
      }
    }
  }

  #send(message: ToMakerThread): void {
    this.#worker?.postMessage(message)
  }

  #spawn(): Worker {
    // The same file as TypeScript when run from source, as JavaScript when built.
    const entry = new URL(import.meta.url.endsWith('.ts') ? './maker-thread.ts' : './maker-thread.js', import.meta.url)
    const worker = new Worker(entry, { workerData: this.#data, resourceLimits: { maxOldGenerationSizeMb: this.#maxHeapMiB } })
    let why = 'it ended'
    worker.on('message', (message: FromMakerThread) => this.#take(message))
    worker.on('error', (thrown: unknown) => {
      why = messageOf(thrown)
    })
    worker.on('exit', () => {
      if (this.#worker === worker) this.#onExit(why)
    })
    return worker
  }

  #take(message: FromMakerThread): void {
    if (message.kind === 'log') return this.#log(message.text)
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    // a process that has nothing else to do may end
    if (this.#waiting.size === 0) this.#worker?.unref()
    if (message.kind === 'answer') waiting?.onAnswer(message)
    else waiting?.onFailure(unpackError(message.error))
  }

  /** The next call starts it anew; the database says what became of the call that was under way. */
  #onExit(why: string): void {
    this.#worker = undefined
    this.#parts = new Map()
    this.#chunks = new Map()
    this.#log(`the thread that makes revisions ended: ${why}`)
    const lost = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { onFailure } of lost) onFailure(policyError('GH-REVISION-THREAD', why))
  }
}

async function unpack({ manifest, parts }: PackedObjects): Promise<readonly PolicyObject[]> {
  const assembled = await assembleSnapshot(manifest, { parts, isWanted: () => true, known: new Map() })
  if (assembled?.ok !== true) throw unreadable(assembled)
  return assembled.snapshot.document.objects
}

function unreadable(assembled: Assembled | undefined): Error {
  return policyError('GH-REVISION-THREAD', assembled?.ok === false ? assembled.detail : '')
}
