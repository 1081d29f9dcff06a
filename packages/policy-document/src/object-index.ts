import type { PolicyKind } from '@gatehouse/policy-engine'

/** Anything that is named like a policy object. */
interface Named {
  readonly kind: PolicyKind
  readonly name: string
}

/** Objects by kind and name. Of 100,000 objects the keys `kind/name` would cost more than everything that is done with them. */
export class ObjectIndex<T> {
  readonly #byKind = new Map<PolicyKind, Map<string, T>>()

  get({ kind, name }: Named): T | undefined {
    return this.#byKind.get(kind)?.get(name)
  }

  has({ kind, name }: Named): boolean {
    return this.#byKind.get(kind)?.has(name) === true
  }

  set({ kind, name }: Named, value: T): void {
    let names = this.#byKind.get(kind)
    if (names === undefined) {
      names = new Map()
      this.#byKind.set(kind, names)
    }
    names.set(name, value)
  }

  delete({ kind, name }: Named): boolean {
    return this.#byKind.get(kind)?.delete(name) === true
  }

  *values(): Generator<T> {
    for (const names of this.#byKind.values()) yield* names.values()
  }
}

/** Of several with one name the last counts. */
export function indexObjects<T extends Named>(objects: readonly T[]): ObjectIndex<T> {
  const index = new ObjectIndex<T>()
  for (const object of objects) index.set(object, object)
  return index
}
