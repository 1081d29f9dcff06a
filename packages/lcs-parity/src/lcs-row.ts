import { findLcsProperty } from './lcs-properties.ts'
import type { LcsInstance } from './read-lcs-xml.ts'

/** One row with its values read as what they are. */
export class LcsRow {
  readonly className: string
  readonly id: string | undefined
  readonly #properties: LcsInstance['properties']
  readonly #ids: LcsInstance['ids']

  constructor(instance: LcsInstance) {
    this.#properties = instance.properties
    this.#ids = instance.ids
    this.id = instance.id
    const known = [...instance.properties.keys()].map((name) => findLcsProperty(instance.className, name)?.of.name)
    this.className = known.find((name) => name !== undefined) ?? instance.className ?? '(no class)'
  }

  names(): readonly string[] {
    return [...this.#properties.keys()]
  }

  has(name: string): boolean {
    return this.#properties.has(name)
  }

  /** Name of our object that the property stands for. */
  idOf(name: string): string | undefined {
    return this.#ids.get(name)
  }

  list(name: string): readonly string[] {
    return this.#properties.get(name) ?? []
  }

  /** Undefined where it is absent or empty. */
  text(name: string): string | undefined {
    return this.list(name)[0]
  }

  /** As names are compared: lower case, without a final dot. */
  host(name: string): string | undefined {
    return this.text(name)?.toLowerCase().replace(/\.$/, '')
  }

  /** WMI writes TRUE, scripts write 1 or -1. Undefined: neither true nor false. */
  flag(name: string): boolean | undefined {
    const text = this.text(name)?.toLowerCase()
    if (text === 'true' || text === '1' || text === '-1') return true
    return text === 'false' || text === '0' ? false : undefined
  }

  shown(name: string): string {
    const values = this.list(name)
    return values.length > 3 ? `${values.slice(0, 3).join(', ')} and ${values.length - 3} more` : values.join(', ')
  }
}
