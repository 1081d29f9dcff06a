import { RECORD_TYPE, type RecordFields } from '../append/record-fields.ts'
import { nameTerm } from './recent-records.ts'
import { TERM, textTerm } from './terms.ts'

/** Which records of one batch may be the same as others of it: places in the batch. */
export class BatchRecords {
  /** By what makes a record the same, and by envelope id: a place, or several. */
  readonly #places = new Map<number, number | number[]>()

  add(place: number, fields: RecordFields): void {
    if (fields.type === RECORD_TYPE.access) return
    this.#put(nameTerm(fields), place)
    if (fields.type === RECORD_TYPE.entry) this.#put(textTerm(TERM.id, fields.envelopeId), place)
  }

  suspects(fields: RecordFields): readonly number[] {
    if (fields.type === RECORD_TYPE.access) return NONE
    const same = this.#places.get(nameTerm(fields))
    const ids = fields.type === RECORD_TYPE.entry ? this.#places.get(textTerm(TERM.id, fields.envelopeId)) : undefined
    if (same === undefined && ids === undefined) return NONE
    return [same ?? [], ids ?? []].flat()
  }

  #put(term: number, place: number): void {
    const known = this.#places.get(term)
    if (known === undefined) this.#places.set(term, place)
    else if (typeof known === 'number') this.#places.set(term, [known, place])
    else known.push(place)
  }
}

const NONE: readonly number[] = []
