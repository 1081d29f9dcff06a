import { JetStreamApiError } from '@nats-io/jetstream'
import type { KV } from '@nats-io/kv'
import type { BusKv, BusSubscription, KvEntry } from './bus.ts'
import { requireKey } from './subject-match.ts'

// Server error 10071: the last sequence of the key is not the expected one.
const WRONG_LAST_SEQUENCE = 10071

/** A bucket in JetStream. */
export class NatsKv implements BusKv {
  readonly #kv: KV

  constructor(kv: KV) {
    this.#kv = kv
  }

  async get(key: string): Promise<KvEntry | undefined> {
    requireKey(key)
    const entry = await this.#kv.get(key)
    if (entry === null || entry.operation !== 'PUT') return undefined
    return { key, value: entry.value, revision: entry.revision }
  }

  async put(key: string, value: Uint8Array, expectedRevision?: number): Promise<number | undefined> {
    requireKey(key)
    if (expectedRevision === undefined) return await this.#kv.put(key, value)
    try {
      return expectedRevision === 0 ? await this.#kv.create(key, value) : await this.#kv.update(key, value, expectedRevision)
    } catch (thrown) {
      if (thrown instanceof JetStreamApiError && thrown.code === WRONG_LAST_SEQUENCE) return undefined
      throw thrown
    }
  }

  async delete(key: string): Promise<void> {
    // Without a look first, each delete of an absent key would leave one more marker in the stream.
    if ((await this.get(key)) !== undefined) await this.#kv.delete(key)
  }

  async keys(): Promise<readonly string[]> {
    const keys: string[] = []
    for await (const key of await this.#kv.keys()) keys.push(key)
    return keys
  }

  async watch(onChange: (key: string, value: Uint8Array | undefined, revision: number) => void): Promise<BusSubscription> {
    const changes = await this.#kv.watch()
    let isActive = true
    const run = async (): Promise<void> => {
      for await (const change of changes) {
        if (!isActive) return
        if (change.operation === 'PUT') onChange(change.key, change.value, change.revision)
        // The marker of a key that was deleted before we came tells nothing.
        else if (change.isUpdate) onChange(change.key, undefined, change.revision)
      }
    }
    const finished = run()
    return {
      stop: async () => {
        isActive = false
        changes.stop()
        await finished
      },
    }
  }
}
