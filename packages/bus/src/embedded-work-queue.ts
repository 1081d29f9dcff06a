import { GatewayError } from '@gatehouse/errors'
import type { WorkFile } from './work-file.ts'
import type { LaneState, NewWork, PulledWork, PutOutcome, Work, WorkQueue } from './work-queue.ts'

export interface EmbeddedWorkDeps {
  readonly file: WorkFile
  readonly wallMs: () => number
  /** Runs after waiting I/O events had their turn: what they put shares one commit. */
  readonly defer: (run: () => void) => void
}

interface Waiting {
  readonly work: NewWork
  readonly onDone: (outcome: PutOutcome) => void
}

type OnPut = (lane: string, key: string) => void

/** A work queue in the file of the embedded bus. */
export class EmbeddedWorkQueue implements WorkQueue {
  readonly #name: string
  readonly #deps: EmbeddedWorkDeps
  readonly #listeners = new Set<OnPut>()
  #waiting: Waiting[] = []

  constructor(name: string, deps: EmbeddedWorkDeps) {
    this.#name = name
    this.#deps = deps
  }

  put(work: NewWork, onDone: (outcome: PutOutcome) => void): void {
    this.#waiting.push({ work, onDone })
    if (this.#waiting.length === 1) this.#deps.defer(() => this.#flush())
  }

  async pull(lane: string, max: number, visibilityMs: number): Promise<readonly PulledWork[]> {
    return this.#deps.file.pull(this.#name, lane, max, this.#deps.wallMs(), visibilityMs)
  }

  async ack(work: Pick<Work, 'lane' | 'key' | 'position'>): Promise<boolean> {
    return this.#deps.file.ack(this.#name, work.lane, work.key, work.position, this.#deps.wallMs())
  }

  async retry(work: Pick<Work, 'lane' | 'position'>, afterMs: number): Promise<void> {
    this.#deps.file.retry(this.#name, work.lane, work.position, Math.ceil(this.#deps.wallMs() + afterMs))
  }

  async wake(lane: string): Promise<void> {
    this.#deps.file.wake(this.#name, lane)
  }

  async lanes(): Promise<readonly LaneState[]> {
    return this.#deps.file.lanes(this.#name)
  }

  async list(lane: string, afterPosition: number, max: number): Promise<readonly Work[]> {
    return this.#deps.file.list(this.#name, lane, afterPosition, max)
  }

  async onPut(listener: OnPut): Promise<{ stop(): Promise<void> }> {
    this.#listeners.add(listener)
    return { stop: async () => void this.#listeners.delete(listener) }
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    const outcomes = this.#commit(waiting)
    for (const [at, { work, onDone }] of waiting.entries()) {
      const outcome = outcomes[at]!
      onDone(outcome)
      if (outcome.ok) for (const listener of this.#listeners) listener(work.lane, work.key)
    }
  }

  #commit(waiting: readonly Waiting[]): readonly PutOutcome[] {
    try {
      const known = this.#deps.file.put(
        this.#name,
        waiting.map(({ work }) => work),
        this.#deps.wallMs(),
      )
      return known.map((isDuplicate) => ({ ok: true, isDuplicate }))
    } catch (thrown) {
      if (!(thrown instanceof GatewayError)) throw thrown
      // A commit that failed was rolled back, in the file too.
      return waiting.map(() => ({ ok: false, code: thrown.code, detail: thrown.message, isCertain: true }))
    }
  }
}
