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

/** How many records `splitAppendRequest` would give; 0 when the request is malformed. Makes no view of each. */
export function countAppendRecords(request: Uint8Array): number {
  const cursor = new ProtoCursor(request)
  let count = 0
  while (cursor.next()) if (cursor.field === 1 && cursor.value === -1) count++
  return cursor.isBroken ? 0 : count
}
