import { comparePolicy } from '@gatehouse/policy-document'
import type { PolicyObject } from '@gatehouse/policy-engine'
import type { Origin } from '../store/revision-store.ts'
import { clusterKeyOf } from './plan/cluster-object.ts'

interface Book {
  inForce(): { readonly revision: number }
  document(): { readonly objects: readonly PolicyObject[] }
  originOf(object: Pick<PolicyObject, 'kind' | 'name'>, revision: number): Promise<Origin | undefined>
}

/** Which revision made each object what it is. Asked of the store once; of what others change, again. */
export class ObjectRevisions {
  readonly #book: Book
  readonly #known = new Map<string, number>()
  #basis: { readonly revision: number; readonly objects: readonly PolicyObject[] } = { revision: 0, objects: [] }

  constructor(book: Book) {
    this.#book = book
  }

  /** Rejects with GH-REVISION-STORE. */
  async of(object: Pick<PolicyObject, 'kind' | 'name'>): Promise<number> {
    this.#follow()
    const key = clusterKeyOf(object)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const { revision } = this.#basis
    const made = (await this.#book.originOf(object, revision))?.revision ?? revision
    this.#known.set(key, made)
    return made
  }

  #follow(): void {
    const { revision } = this.#book.inForce()
    if (revision === this.#basis.revision) return
    const { objects } = this.#book.document()
    for (const { object } of comparePolicy(this.#basis.objects, objects)) this.#known.delete(object)
    this.#basis = { revision, objects }
  }
}
