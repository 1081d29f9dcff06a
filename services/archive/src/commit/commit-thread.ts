// Entry of the commit thread; started by thread-committer.ts and by nothing else.
import { randomBytes } from 'node:crypto'
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { loadSigningKey } from '../chain/signing-key.ts'
import { CommitEngine } from './commit-engine.ts'
import { WalCopier } from './wal-copier.ts'
import type { CommitThreadData, FromCommitThread, ToCommitThread } from './worker-messages.ts'

// More would keep the first sender of a transaction waiting for the last.
const MAX_TRANSACTION_BYTES = 8 * 1024 * 1024
const TICK_MS = 250

/** Commits everything that has arrived as one transaction; what arrives meanwhile is the next one. */
class CommitLoop {
  readonly #port: MessagePort
  readonly #engine: CommitEngine
  readonly #walCopier: WalCopier
  #isStateOld = false

  constructor(port: MessagePort, engine: CommitEngine, walCopier: WalCopier) {
    this.#port = port
    this.#engine = engine
    this.#walCopier = walCopier
  }

  take(first: ToCommitThread): void {
    const requests: Uint8Array[] = []
    const ids: number[] = []
    let sizeBytes = 0
    let message: ToCommitThread | undefined = first
    while (message !== undefined) {
      if (message.kind === 'append') {
        requests.push(message.request)
        ids.push(message.id)
        sizeBytes += message.request.length
        if (sizeBytes >= MAX_TRANSACTION_BYTES) break
      } else {
        this.#commit(ids.splice(0), requests.splice(0))
        this.#control(message)
      }
      message = receiveMessageOnPort(this.#port)?.message as ToCommitThread | undefined
    }
    this.#commit(ids, requests)
    this.#engine.index()
  }

  tick(): void {
    const wasAccepting = this.#engine.isAccepting
    if (wasAccepting) this.#engine.tick()
    else this.#engine.recover()
    if (this.#engine.isAccepting) this.#walCopier.ensure()
    if (!wasAccepting || !this.#engine.isAccepting || this.#isStateOld) this.#send([], [], true)
  }

  #commit(ids: readonly number[], requests: readonly Uint8Array[]): void {
    if (requests.length === 0) return
    const replies = this.#engine.commit(requests)
    this.#send(ids, replies, !this.#engine.isAccepting)
  }

  #control(message: ToCommitThread): void {
    if (message.kind === 'sign') this.#engine.checkpoint()
    else if (message.kind === 'stop') this.#engine.stop()
    this.#send([message.id], [], true)
  }

  #send(ids: readonly number[], replies: readonly Uint8Array[], hasNews: boolean): void {
    this.#isStateOld = !hasNews
    const message: FromCommitThread = { ids, replies, state: hasNews ? this.#engine.state() : undefined }
    this.#port.postMessage(message)
  }
}

function run(port: MessagePort, data: CommitThreadData): void {
  const engine = new CommitEngine({
    file: data.file,
    busyTimeoutMs: data.busyTimeoutMs,
    maxBytes: data.maxBytes,
    encryptionKeyFile: data.encryptionKeyFile,
    hasIndexThread: true,
    newLogId: () => randomBytes(16),
    key: loadSigningKey(data.keyFile),
    checkpoints: { everyRecords: data.checkpointEveryRecords, everyMs: data.checkpointEveryMs, file: data.checkpointFile },
    nowUs: () => Date.now() * 1000,
  })
  engine.recover()
  const loop = new CommitLoop(port, engine, new WalCopier(data.file))
  port.on('message', (message: ToCommitThread) => loop.take(message))
  const timer = setInterval(() => loop.tick(), TICK_MS)
  port.on('close', () => clearInterval(timer))
  const ready: FromCommitThread = { ids: [0], replies: [], state: engine.state() }
  port.postMessage(ready)
}

if (parentPort !== null) run(parentPort, workerData as CommitThreadData)
