import { ProtoCursor } from './proto-cursor.ts'

/** The records of an encoded `AppendRequest`, as views; undefined when it is malformed. */
export function splitAppendRequest(request: Uint8Array): Uint8Array[] | undefined {
  const cursor = new ProtoCursor(request)
  const records: Uint8Array[] = []
  while (cursor.next()) {
    if (cursor.field === 1 && cursor.value === -1) records.push(cursor.part())
  }
  return cursor.isBroken ? undefined : records
}
