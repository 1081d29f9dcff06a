import { type ObjectResult, readObject } from '@gatehouse/policy-document'
import type { ClusterObject } from './cluster-object.ts'

/** Reads objects of the cluster; one that is still the same is not read again. */
export class ObjectReader {
  readonly #known = new WeakMap<ClusterObject, ObjectResult>()

  read(object: ClusterObject): ObjectResult {
    const known = this.#known.get(object)
    if (known !== undefined) return known
    const result = readObject(object.kind, object.name, object.spec)
    this.#known.set(object, result)
    return result
  }
}
