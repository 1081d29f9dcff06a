import type { Client } from 'pg'
import { RECORD_TYPE, type RecordFields } from '../../append/record-fields.ts'
import type { KeyScope } from '../../seal/key-vault.ts'
import type { SealingKeys } from '../../seal/postgres-keys.ts'
import { sealRecord } from '../../seal/seal-record.ts'

/** What becomes of a record: sealed, `unfit` where it is not as a service writes it, or the key that has to be found or made first. */
export type Sealed = { readonly record: Uint8Array } | 'unfit' | { readonly missing: KeyScope }

/** With the keys that are known. */
export function sealWithKnown(keys: SealingKeys | undefined, record: Uint8Array, fields: RecordFields): Sealed {
  if (fields.type !== RECORD_TYPE.entry) return { record }
  if (keys === undefined) return fields.keyId === 0 ? { record } : 'unfit'
  let missing: KeyScope | undefined
  const sealed = sealRecord(record, fields, (scope) => {
    const known = keys.known(scope)
    if (known === undefined) missing = scope
    return known
  })
  if (missing !== undefined) return { missing }
  return sealed === undefined ? 'unfit' : { record: sealed }
}

/** Finds or makes the key that is missing, within the transaction that is open on the client. */
export async function sealWithNew(
  client: Client,
  keys: SealingKeys | undefined,
  record: Uint8Array,
  fields: RecordFields,
): Promise<Uint8Array | undefined> {
  const sealed = sealWithKnown(keys, record, fields)
  if (sealed === 'unfit') return undefined
  if ('record' in sealed) return sealed.record
  await keys?.learn(client, sealed.missing)
  const again = sealWithKnown(keys, record, fields)
  return again !== 'unfit' && 'record' in again ? again.record : undefined
}
