import { RECORD_TYPE, type RecordFields } from '../append/record-fields.ts'
import { NumberTable } from './number-table.ts'
import { nameTerm } from './recent-records.ts'
import { TERM, textTerm } from './terms.ts'

/** Which records of one batch may be the same as others of it: places in the batch. */
export class BatchRecords {
  readonly #same = new NumberTable()
  readonly #ids = new NumberTable()

  add(place: number, fields: RecordFields): void {
    if (fields.type === RECORD_TYPE.access) return
    this.#same.add(nameTerm(fields), place)
    if (fields.type === RECORD_TYPE.entry) this.#ids.add(textTerm(TERM.id, fields.envelopeId), place)
  }

  suspects(fields: RecordFields): readonly number[] {
    if (fields.type === RECORD_TYPE.access) return NONE
    const same = this.#same.get(nameTerm(fields))
    const ids = fields.type === RECORD_TYPE.entry ? this.#ids.get(textTerm(TERM.id, fields.envelopeId)) : NONE
    return ids.length === 0 ? same : [...same, ...ids]
  }
}

const NONE: readonly number[] = []
