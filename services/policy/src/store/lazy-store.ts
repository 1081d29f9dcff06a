import type { NewRevision, RevisionStore, Revisions } from './revision-store.ts'

/** Opens the store at first use; what cannot be opened is tried again with the next. */
export class LazyStore implements Revisions {
  readonly #open: () => Promise<RevisionStore> | RevisionStore
  #store: Promise<RevisionStore> | undefined

  constructor(open: () => Promise<RevisionStore> | RevisionStore) {
    this.#open = open
  }

  async newest(): ReturnType<Revisions['newest']> {
    return await (await this.#opened()).newest()
  }

  async history(limit: number): ReturnType<Revisions['history']> {
    return await (await this.#opened()).history(limit)
  }

  async row(revision: number): ReturnType<Revisions['row']> {
    return await (await this.#opened()).row(revision)
  }

  async originOf(...asked: Parameters<Revisions['originOf']>): ReturnType<Revisions['originOf']> {
    return await (await this.#opened()).originOf(...asked)
  }

  async countObjects(): ReturnType<Revisions['countObjects']> {
    return await (await this.#opened()).countObjects()
  }

  async countChangesAfter(revision: number): ReturnType<Revisions['countChangesAfter']> {
    return await (await this.#opened()).countChangesAfter(revision)
  }

  async load(): ReturnType<Revisions['load']> {
    return await (await this.#opened()).load()
  }

  async objectsAt(revision: number): ReturnType<Revisions['objectsAt']> {
    return await (await this.#opened()).objectsAt(revision)
  }

  async append(change: NewRevision): ReturnType<Revisions['append']> {
    return await (await this.#opened()).append(change)
  }

  async exclusively<T>(run: () => Promise<T>): Promise<T> {
    return await (await this.#opened()).exclusively(run)
  }

  async close(): Promise<void> {
    const store = this.#store
    this.#store = undefined
    await (await store?.catch(() => undefined))?.close()
  }

  #opened(): Promise<RevisionStore> {
    this.#store ??= (async () => await this.#open())().catch((thrown: unknown) => {
      this.#store = undefined
      throw thrown
    })
    return this.#store
  }
}
