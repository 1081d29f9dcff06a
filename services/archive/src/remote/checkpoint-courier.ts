import { messageOf } from '@gatehouse/errors'
import type { Checkpoint } from '../chain/checkpoint.ts'
import type { Awaitable } from '../store/log-source.ts'
import type { CheckpointStore } from './checkpoint-store.ts'

/** Carries checkpoints to the store, in order and each once; after a failure it goes on from the first that is missing there. */
export class CheckpointCourier {
  readonly #store: Pick<CheckpointStore, 'has' | 'put'>
  readonly #read: (after: number) => Awaitable<readonly Checkpoint[]>
  #delivered: number | undefined
  #isRunning = false
  #trouble = ''

  /** `read`: checkpoints behind a sequence, in order. */
  constructor(store: Pick<CheckpointStore, 'has' | 'put'>, read: (after: number) => Awaitable<readonly Checkpoint[]>) {
    this.#store = store
    this.#read = read
  }

  /** Why the store lacks checkpoints; empty while it has all. */
  get trouble(): string {
    return this.#trouble
  }

  /** Never rejects; see `trouble`. */
  async run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      this.#delivered ??= await this.#findDelivered()
      for (const checkpoint of await this.#read(this.#delivered)) {
        await this.#store.put(checkpoint)
        this.#delivered = checkpoint.sequence
      }
      this.#trouble = ''
    } catch (thrown) {
      this.#trouble = messageOf(thrown)
    } finally {
      this.#isRunning = false
    }
  }

  /** They are delivered in order, so halving finds the last one that is there. */
  async #findDelivered(): Promise<number> {
    const all = await this.#read(0)
    let low = 0
    let high = all.length
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (await this.#store.has(all[middle]!.sequence)) low = middle + 1
      else high = middle
    }
    return all[low - 1]?.sequence ?? 0
  }
}
