import type { PolicyObject, Snapshot } from '@gatehouse/policy-engine'
import type { PolicyBook } from '../apply/policy-book.ts'
import { compileInSlices } from './compile-in-slices.ts'

/** Policies of earlier revisions, compiled. Who asks about one message of a day asks about the next one too, so the last is kept. */
export class PastSnapshots {
  readonly #book: PolicyBook
  #last: Snapshot | undefined

  constructor(book: PolicyBook) {
    this.#book = book
  }

  /** Undefined: there is no such revision here. Rejects with GH-REVISION-STORE. */
  async at(revision: number): Promise<Snapshot | undefined> {
    const present = this.#book.snapshot()
    if (revision === present.revision) return present
    if (this.#last?.revision === revision) return this.#last
    const objects = await this.#objectsAt(revision)
    if (objects === undefined) return undefined
    this.#last = await compileInSlices({ format: 'gatehouse-snapshot/1', revision, issuedAtMs: 0, objects })
    return this.#last
  }

  async #objectsAt(revision: number): Promise<readonly PolicyObject[] | undefined> {
    // to the book 0 is the one in force; here it is the empty policy before the first
    if (revision === 0) return []
    try {
      return await this.#book.objectsAt(revision)
    } catch (thrown) {
      if ((thrown as { code?: unknown }).code === 'GH-REVISION-UNKNOWN') return undefined
      throw thrown
    }
  }
}
