import { Worker } from 'node:worker_threads'
import { messageOf } from '@gatehouse/errors'
import type { ChainReport } from './chain-checker.ts'
import type { RangeTask } from './check-range.ts'
import type { RangeRunner } from './verify-store.ts'

/** Where a thread finds the log. */
export type ThreadSource = { readonly file: string } | { readonly url: string }

/** Thread → caller. */
export type FromVerifyThread = { readonly checked: number } | { readonly report: ChainReport } | { readonly failure: string }

/** Threads that check parts of a log at the same time. `close` them. */
export class VerifyThreads implements RangeRunner {
  readonly width: number
  readonly #source: ThreadSource
  readonly #idle: Worker[] = []
  /** What each thread says, and its end, goes to whoever waits for it. */
  readonly #waiting = new Map<Worker, (message: FromVerifyThread) => void>()

  /** `width`: how many at most; they are started when they are needed. */
  constructor(source: ThreadSource, width: number) {
    this.#source = source
    this.width = width
  }

  run(task: RangeTask, onChecked: (checked: number) => void): Promise<ChainReport> {
    const worker = this.#idle.pop() ?? this.#start()
    return new Promise((resolve, reject) => {
      this.#waiting.set(worker, (message) => {
        if ('checked' in message) onChecked(message.checked)
        else if ('failure' in message) reject(new Error(message.failure))
        else {
          this.#idle.push(worker)
          resolve(message.report)
        }
      })
      worker.postMessage(task)
    })
  }

  async close(): Promise<void> {
    const workers = [...this.#waiting.keys()]
    this.#waiting.clear()
    this.#idle.length = 0
    await Promise.all(workers.map((worker) => worker.terminate()))
  }

  #start(): Worker {
    // The same file as TypeScript when run from source, as JavaScript when built.
    const entry = new URL(import.meta.url.endsWith('.ts') ? './verify-thread.ts' : './verify-thread.js', import.meta.url)
    const worker = new Worker(entry, { workerData: this.#source })
    const tell = (message: FromVerifyThread): void => this.#waiting.get(worker)?.(message)
    worker.on('message', tell)
    worker.on('error', (thrown) => tell({ failure: messageOf(thrown) }))
    worker.on('exit', () => tell({ failure: 'the thread that checks ended' }))
    return worker
  }
}
