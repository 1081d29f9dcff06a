import { Worker } from 'node:worker_threads'
import { messageOf } from '@gatehouse/errors'
import { codeOfThrown } from '../store/sqlite-code.ts'
import type { FromIndexThread, IndexThreadData } from './index-thread.ts'
import type { FilledSlice } from './slice.ts'
import type { SliceWriter } from './sqlite-slices.ts'

export interface SliceFailure {
  readonly code: string
  readonly detail: string
}

/** Takes slices that are full and writes them, here or elsewhere, now or later, in the order given. */
export interface SliceSink {
  /** The postings are the sink's from then on. `onDone`: once it is written, or why it could not be. */
  write(slice: FilledSlice, onDone: (failure: SliceFailure | undefined) => void): void
  close(): void
}

/** Writes at once, in the calling thread: some 100 ms for a slice. */
export class DirectSink implements SliceSink {
  readonly #writer: SliceWriter

  constructor(writer: SliceWriter) {
    this.#writer = writer
  }

  write(slice: FilledSlice, onDone: (failure: SliceFailure | undefined) => void): void {
    let failure: SliceFailure | undefined
    try {
      this.#writer.write(slice)
    } catch (thrown) {
      failure = codeOfThrown(thrown)
    }
    onDone(failure)
  }

  close(): void {}
}

/** Writes in a thread of its own, so that no sender waits for it. */
export class ThreadSink implements SliceSink {
  readonly #worker: Worker
  readonly #waiting: ((failure: SliceFailure | undefined) => void)[] = []

  constructor(data: IndexThreadData) {
    // The same file as TypeScript when run from source, as JavaScript when built.
    const entry = new URL(import.meta.url.endsWith('.ts') ? './index-thread.ts' : './index-thread.js', import.meta.url)
    this.#worker = new Worker(entry, { workerData: data })
    this.#worker.on('message', ({ failure }: FromIndexThread) => this.#waiting.shift()?.(failure))
    let why = 'the thread that writes the index ended'
    this.#worker.on('error', (thrown: unknown) => {
      why = messageOf(thrown)
    })
    this.#worker.on('exit', () => {
      for (const onDone of this.#waiting.splice(0)) onDone({ code: 'GH-ARCHIVE-THREAD', detail: why })
    })
  }

  write(slice: FilledSlice, onDone: (failure: SliceFailure | undefined) => void): void {
    this.#waiting.push(onDone)
    this.#worker.postMessage(slice, [slice.postings.buffer as ArrayBuffer])
  }

  close(): void {
    this.#waiting.length = 0
    void this.#worker.terminate()
  }
}
