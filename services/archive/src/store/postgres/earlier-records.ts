import { Buffer } from 'node:buffer'
import type { Client } from 'pg'
import { RECORD_TYPE, type RecordFields, scanRecord } from '../../append/record-fields.ts'
import { dayMark, dayNumber, VALUE_RANGE, valueOfKey } from '../day-marks.ts'
import type { Earlier } from '../entry-index.ts'
import { POSTGRES_SCHEMA } from '../index-tables.ts'
import { digestOf } from './append-rows.ts'

/** Which records of a batch the log has already, as `EntryIndex` knows it for SQLite: read at once, under the lock on the head. */
export class EarlierRecords {
  /** Sequences in the log, by what makes a record the same. */
  readonly #known = new Map<string, number>()
  /** Envelope ids in the log. */
  readonly #ids = new Set<string>()
  /** Places in the batch of what comes new with it. */
  readonly #expected = new Map<string, number>()
  readonly #expectedIds = new Set<string>()
  readonly #repeats: (readonly [at: number, first: number])[] = []

  /** `isIdChecked`: also whether envelope ids of the batch are in the log. */
  static async read(
    client: Client,
    records: readonly Uint8Array[],
    scanned: readonly (RecordFields | undefined)[],
    committedAtUs: number,
    isIdChecked: boolean,
  ): Promise<EarlierRecords> {
    const earlier = new EarlierRecords()
    const of = (type: number): RecordFields[] => scanned.filter((fields): fields is RecordFields => fields?.type === type)
    const entries = of(RECORD_TYPE.entry)
    if (entries.length > 0) await earlier.#readEntries(client, entries, committedAtUs, isIdChecked)
    const outcomes = of(RECORD_TYPE.outcome)
    if (outcomes.length > 0) await earlier.#readOutcomes(client, outcomes)
    const bundles = records.filter((_, at) => scanned[at]?.type === RECORD_TYPE.outcomes)
    if (bundles.length > 0) await earlier.#readBundles(client, bundles)
    return earlier
  }

  /** To be asked in the order of the batch. `at`: place of the record in it. */
  of(fields: RecordFields, record: Uint8Array, at: number): Earlier {
    if (fields.type === RECORD_TYPE.access) return undefined
    const name = nameOf(fields, record)
    const known = this.#known.get(name)
    if (known !== undefined) return { sequence: known }
    const first = this.#expected.get(name)
    if (first !== undefined) {
      this.#repeats.push([at, first])
      return { sequence: 0 }
    }
    if (fields.type !== RECORD_TYPE.entry) return undefined
    return this.#ids.has(fields.envelopeId) || this.#expectedIds.has(fields.envelopeId) ? 'id-reused' : undefined
  }

  /** What comes new with the batch, at a place of it. */
  expect(fields: RecordFields, record: Uint8Array, at: number): void {
    if (fields.type === RECORD_TYPE.access) return
    this.#expected.set(nameOf(fields, record), at)
    if (fields.type === RECORD_TYPE.entry) this.#expectedIds.add(fields.envelopeId)
  }

  /** Places of what stands twice in the batch, each with the place of the first. */
  repeats(): readonly (readonly [at: number, first: number])[] {
    return this.#repeats
  }

  async #readEntries(client: Client, entries: readonly RecordFields[], committedAtUs: number, isIdChecked: boolean): Promise<void> {
    const today = dayNumber(committedAtUs)
    const marks = entries.flatMap(({ idempotencyKey }) => {
      const mark = dayMark(today, valueOfKey(idempotencyKey))
      return [mark, mark - VALUE_RANGE]
    })
    const ids = isIdChecked ? entries.map(({ envelopeId }) => Buffer.from(envelopeId, 'latin1')) : []
    const { rows } = await client.query<{ sequence: string; record: Buffer }>({
      name: isIdChecked ? 'gatehouse-earlier-ids' : 'gatehouse-earlier',
      text: `SELECT sequence, record FROM ${POSTGRES_SCHEMA}.entry JOIN ${POSTGRES_SCHEMA}.record USING (sequence)
        WHERE key_mark = ANY($1::bigint[])${isIdChecked ? ' OR envelope_id = ANY($2::bytea[])' : ''}`,
      values: [`{${marks.join(',')}}`, ...(isIdChecked ? [ids] : [])],
    })
    for (const { sequence, record } of rows) {
      const fields = scanRecord(record)
      if (fields === undefined) continue
      this.#known.set(nameOf(fields, record), Number(sequence))
      this.#ids.add(fields.envelopeId)
    }
  }

  async #readOutcomes(client: Client, outcomes: readonly RecordFields[]): Promise<void> {
    const { rows } = await client.query<{ sequence: string; record: Buffer }>(
      `SELECT sequence, record FROM ${POSTGRES_SCHEMA}.outcome JOIN ${POSTGRES_SCHEMA}.record USING (sequence) WHERE envelope_id = ANY($1::bytea[])`,
      [outcomes.map(({ envelopeId }) => Buffer.from(envelopeId, 'latin1'))],
    )
    this.#keep(rows)
  }

  async #readBundles(client: Client, bundles: readonly Uint8Array[]): Promise<void> {
    const marks = bundles.map((bundle) => [scanRecord(bundle)!.buckets[0]!, digestOf(bundle)] as const)
    const { rows } = await client.query<{ sequence: string; record: Buffer }>({
      name: 'gatehouse-earlier-outcomes',
      text: `SELECT sequence, record FROM ${POSTGRES_SCHEMA}.outcome_bucket JOIN ${POSTGRES_SCHEMA}.record USING (sequence)
        WHERE bucket = ANY($1::bigint[]) AND digest = ANY($2::bigint[])`,
      values: [`{${marks.map(([bucket]) => bucket).join(',')}}`, `{${marks.map(([, digest]) => digest).join(',')}}`],
    })
    this.#keep(rows)
  }

  #keep(rows: readonly { readonly sequence: string; readonly record: Buffer }[]): void {
    for (const { sequence, record } of rows) {
      const fields = scanRecord(record)
      if (fields !== undefined) this.#known.set(nameOf(fields, record), Number(sequence))
    }
  }
}

/** What two records have in common that are the same one: a prefix keeps the kinds apart. */
function nameOf(fields: RecordFields, record: Uint8Array): string {
  if (fields.type === RECORD_TYPE.entry) return `e${fields.idempotencyKey}`
  if (fields.type === RECORD_TYPE.outcome) return `o${fields.envelopeId}${fields.atUs} ${fields.status}`
  return `b${Buffer.from(record.buffer, record.byteOffset, record.byteLength).toString('latin1')}`
}
