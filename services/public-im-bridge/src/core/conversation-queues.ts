import { ChurnMap } from '@gatehouse/churn-map'

interface Lane {
  tail: Promise<unknown>
  waiting: number
}

/** Runs tasks of one conversation one after the other, those of different ones side by side. Bounded: who comes on top is refused. */
export class ConversationQueues {
  readonly #mostPerKey: number
  readonly #lanes = new ChurnMap<string, Lane>()

  constructor(mostPerKey: number) {
    this.#mostPerKey = mostPerKey
  }

  /** Conversations with something under way. */
  get size(): number {
    return this.#lanes.size
  }

  /** Tasks of this conversation that run or wait. */
  depth(key: string): number {
    return this.#lanes.get(key)?.waiting ?? 0
  }

  /** Undefined: the conversation has too many waiting, and the task will not run. A task that fails does not keep the next from running. */
  run<T>(key: string, task: () => Promise<T>): Promise<T> | undefined {
    const lane = this.#lanes.get(key)
    if (lane === undefined) return this.#begin(key, task)
    if (lane.waiting >= this.#mostPerKey) return undefined
    lane.waiting++
    const result = lane.tail.then(task, task)
    this.#follow(key, lane, result)
    return result
  }

  #begin<T>(key: string, task: () => Promise<T>): Promise<T> {
    const result = task()
    const lane: Lane = { tail: result, waiting: 1 }
    this.#lanes.add(key, lane)
    this.#follow(key, lane, result)
    return result
  }

  #follow(key: string, lane: Lane, result: Promise<unknown>): void {
    lane.tail = result
    const done = (): void => {
      lane.waiting--
      if (lane.waiting === 0) this.#lanes.delete(key)
    }
    result.then(done, done)
  }
}
