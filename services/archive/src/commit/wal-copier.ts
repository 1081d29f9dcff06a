import { Worker } from 'node:worker_threads'
import type { WalThreadData } from './wal-thread.ts'

/** Keeps the thread running that copies the write-ahead log back; see wal-thread.ts. */
export class WalCopier {
  readonly #file: string
  #worker: Worker | undefined

  constructor(file: string) {
    this.#file = file
  }

  /** Starts the thread unless it runs; without it the writer does all of its work, which is slower, not wrong. */
  ensure(): void {
    if (this.#worker !== undefined) return
    const entry = new URL(import.meta.url.endsWith('.ts') ? './wal-thread.ts' : './wal-thread.js', import.meta.url)
    const worker = new Worker(entry, { workerData: { file: this.#file } satisfies WalThreadData })
    const gone = (): void => {
      if (this.#worker === worker) this.#worker = undefined
    }
    worker.on('error', gone)
    worker.on('exit', gone)
    this.#worker = worker
  }
}
