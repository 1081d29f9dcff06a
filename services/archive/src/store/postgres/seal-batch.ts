import type { Client } from 'pg'
import { RECORD_TYPE, type RecordFields } from '../../append/record-fields.ts'
import type { KeyScope } from '../../seal/key-vault.ts'
import type { SealingKeys } from '../../seal/postgres-keys.ts'
import { sealRecord } from '../../seal/seal-record.ts'

interface Sealable {
  record: Uint8Array
  readonly fields: RecordFields
}

/** Seals the entries of a batch; what is not as a service writes it is left out. Keys are found or made within the open transaction. */
export async function sealBatch<T extends Sealable>(client: Client, keys: SealingKeys | undefined, records: readonly T[]): Promise<T[]> {
  const kept: T[] = []
  for (const item of records) {
    const sealed = item.fields.type === RECORD_TYPE.entry ? await seal(client, keys, item) : item.record
    if (sealed === undefined) continue
    item.record = sealed
    kept.push(item)
  }
  return kept
}

async function seal(client: Client, keys: SealingKeys | undefined, { record, fields }: Sealable): Promise<Uint8Array | undefined> {
  if (keys === undefined) return fields.keyId === 0 ? record : undefined
  let missing: KeyScope | undefined
  const sealed = sealRecord(record, fields, (scope) => {
    const known = keys.known(scope)
    if (known === undefined) missing = scope
    return known
  })
  if (missing === undefined) return sealed
  const key = await keys.learn(client, missing)
  return sealRecord(record, fields, () => key)
}
