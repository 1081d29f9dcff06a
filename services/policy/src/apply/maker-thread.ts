// Entry of the thread that makes revisions; started by thread-workshop.ts and by nothing else.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { PolicyObject } from '@gatehouse/policy-engine'
import { SnapshotSplitter, splitSnapshot } from '@gatehouse/policy-follow'
import { LazyStore } from '../store/lazy-store.ts'
import { openStore } from '../store/open-store.ts'
import type { OrderFile } from './orders.ts'
import { documentOf, RevisionMaker } from './revision-maker.ts'
import {
  type FromMakerThread,
  type MakerAnswers,
  type MakerCall,
  type MakerThreadData,
  type PackedInForce,
  type PackedObjects,
  packError,
  type ToMakerThread,
} from './thread-messages.ts'

class MakerLoop {
  readonly #port: MessagePort
  readonly #data: MakerThreadData
  readonly #store: LazyStore
  readonly #maker: RevisionMaker
  readonly #splitter: SnapshotSplitter
  readonly #files = new Map<number, { name: string; text: string[] }[]>()
  /** Hashes of the parts that the main thread has. */
  #handedOver: ReadonlySet<string> = new Set()
  #queue: Promise<void> = Promise.resolve()

  constructor(port: MessagePort, data: MakerThreadData) {
    this.#port = port
    this.#data = data
    this.#store = new LazyStore(() => openStore(data.store, (text) => this.#send({ kind: 'log', text })))
    this.#maker = new RevisionMaker(this.#store)
    this.#splitter = new SnapshotSplitter(data.maxPartBytes)
  }

  take(message: ToMakerThread): void {
    if (message.kind === 'piece') this.#takePiece(message)
    else this.#queue = this.#queue.then(() => this.#answer(message.id, message.call))
  }

  #takePiece({ id, file, name, text }: Extract<ToMakerThread, { kind: 'piece' }>): void {
    const files = this.#files.get(id) ?? []
    this.#files.set(id, files)
    files[file] ??= { name, text: [] }
    files[file].text.push(text)
  }

  async #answer(id: number, call: MakerCall): Promise<void> {
    try {
      const outcome = await this.#run(id, call)
      const inForce = 'known' in call ? await this.#packInForce(call.known) : undefined
      this.#send({ kind: 'answer', id, outcome, inForce })
    } catch (thrown) {
      this.#send({ kind: 'failure', id, error: packError(thrown) })
    }
  }

  async #run(id: number, call: MakerCall): Promise<MakerAnswers[keyof MakerAnswers]> {
    const maker = this.#maker
    const files: readonly OrderFile[] = this.#files.get(id) ?? []
    this.#files.delete(id)
    // reading calls look at what is in force too
    if (call.name !== 'apply' && call.name !== 'rollback' && call.name !== 'close') await maker.refresh()
    switch (call.name) {
      case 'refresh':
        return undefined
      case 'apply':
        return await maker.apply({ ...call.order, files })
      case 'rollback':
        return await maker.rollback(call.order)
      case 'diff':
        return await maker.diff({ ...call.order, files })
      case 'propose': {
        const { objects, ...proposal } = maker.propose({ ...call.order, files })
        return { ...proposal, objects: await this.#pack(objects) }
      }
      case 'objectsAt':
        return await this.#pack(await maker.objectsAt(call.revision))
      case 'close':
        await this.#store.close()
        return undefined
    }
  }

  async #packInForce(known: number): Promise<PackedInForce | undefined> {
    const { row, document } = this.#maker
    if (row.revision === known) return undefined
    const { manifest, parts } = await this.#splitter.split(document)
    const fresh = new Map([...parts].filter(([hash]) => !this.#handedOver.has(hash)))
    this.#handedOver = new Set(parts.keys())
    return { row, objects: { manifest, parts: fresh } }
  }

  #pack(objects: readonly PolicyObject[]): Promise<PackedObjects> {
    return splitSnapshot(documentOf({ revision: 0, atMs: 0 }, objects), this.#data.maxPartBytes)
  }

  #send(message: FromMakerThread): void {
    this.#port.postMessage(message)
  }
}

function run(port: MessagePort, data: MakerThreadData): void {
  const loop = new MakerLoop(port, data)
  port.on('message', (message: ToMakerThread) => loop.take(message))
}

if (parentPort !== null) run(parentPort, workerData as MakerThreadData)
