import type { BusKv, BusSubscription, KvEntry } from './bus.ts'
import { requireKey } from './subject-match.ts'

/** Where buckets survive the process. */
export interface KvStore {
  load(bucket: string): { readonly lastRevision: number; readonly entries: readonly KvEntry[] }
  /**
   * `undefined` value: the key is deleted. Throws when it cannot be written at all, and then nothing has changed; resolves when it is durable, and
   * rejects when nobody knows whether it is. What is saved first is durable first.
   */
  save(bucket: string, key: string, value: Uint8Array | undefined, revision: number): Promise<void>
}

type OnChange = (key: string, value: Uint8Array | undefined, revision: number) => void

interface Watcher {
  readonly onChange: OnChange
  isActive: boolean
}

/** One bucket in memory, with an optional store behind it. Revisions count over the whole bucket, as NATS does. */
export class EmbeddedKv implements BusKv {
  readonly #bucket: string
  readonly #defer: (run: () => void) => void
  readonly #store: KvStore | undefined
  readonly #entries = new Map<string, KvEntry>()
  readonly #watchers = new Set<Watcher>()
  #lastRevision = 0

  constructor(bucket: string, defer: (run: () => void) => void, store: KvStore | undefined) {
    this.#bucket = bucket
    this.#defer = defer
    this.#store = store
    if (store !== undefined) {
      const loaded = store.load(bucket)
      this.#lastRevision = loaded.lastRevision
      for (const entry of loaded.entries) this.#entries.set(entry.key, entry)
    }
  }

  async get(key: string): Promise<KvEntry | undefined> {
    requireKey(key)
    return this.#entries.get(key)
  }

  async put(key: string, value: Uint8Array, expectedRevision?: number): Promise<number | undefined> {
    requireKey(key)
    if (expectedRevision !== undefined && (this.#entries.get(key)?.revision ?? 0) !== expectedRevision) return undefined
    const revision = this.#lastRevision + 1
    const durable = this.#store?.save(this.#bucket, key, value, revision)
    // at once: whoever compares revisions meanwhile must not win, too
    this.#lastRevision = revision
    this.#entries.set(key, { key, value, revision })
    this.#notify(key, value, revision)
    await durable
    return revision
  }

  async delete(key: string): Promise<void> {
    requireKey(key)
    if (!this.#entries.has(key)) return
    const revision = this.#lastRevision + 1
    const durable = this.#store?.save(this.#bucket, key, undefined, revision)
    this.#lastRevision = revision
    this.#entries.delete(key)
    this.#notify(key, undefined, revision)
    await durable
  }

  async keys(): Promise<readonly string[]> {
    return [...this.#entries.keys()]
  }

  async watch(onChange: OnChange): Promise<BusSubscription> {
    const watcher: Watcher = { onChange, isActive: true }
    const present = [...this.#entries.values()].sort((a, b) => a.revision - b.revision)
    for (const entry of present) this.#tell(watcher, entry.key, entry.value, entry.revision)
    this.#watchers.add(watcher)
    return {
      stop: async () => {
        watcher.isActive = false
        this.#watchers.delete(watcher)
      },
    }
  }

  #notify(key: string, value: Uint8Array | undefined, revision: number): void {
    for (const watcher of this.#watchers) this.#tell(watcher, key, value, revision)
  }

  #tell(watcher: Watcher, key: string, value: Uint8Array | undefined, revision: number): void {
    this.#defer(() => {
      if (watcher.isActive) watcher.onChange(key, value, revision)
    })
  }
}
