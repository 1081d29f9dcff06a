import { ProtoCursor } from './proto-cursor.ts'

/** Numbers in the column `type`. */
export const RECORD_TYPE = { entry: 1, outcome: 2, access: 3 } as const

/** What the store indexes of one record; found without decoding the rest. */
export interface RecordFields {
  type: number
  /** 16 bytes as latin1 text, which compares and keeps cheaper than a view; empty for an access. */
  envelopeId: string
  /** 32 bytes as latin1 text; entries only. */
  idempotencyKey: string
  /** When the message came in, the outcome was known, the access happened. */
  atUs: number
  kind: number
  fromAddress: string
  toAddress: string
  conversation: string
  verdict: string
  mark: string
  code: string
  /** Of an outcome. */
  status: number
  /** Body key of a sealed body; 0: the body, if any, is in clear. */
  keyId: number
}

const ID_BYTES = 16
const KEY_BYTES = 32

/** Finds the indexed fields of an encoded `ArchiveRecord`; undefined when it is not one. */
export function scanRecord(record: Uint8Array): RecordFields | undefined {
  const cursor = new ProtoCursor(record)
  const fields: RecordFields = {
    type: 0,
    envelopeId: '',
    idempotencyKey: '',
    atUs: 0,
    kind: 0,
    fromAddress: '',
    toAddress: '',
    conversation: '',
    verdict: '',
    mark: '',
    code: '',
    status: 0,
    keyId: 0,
  }
  while (cursor.next()) {
    if (cursor.value !== -1 || cursor.field < 1 || cursor.field > 3) continue
    // A second content would make the record say two things.
    if (fields.type !== 0) return undefined
    fields.type = cursor.field
    const outer = cursor.enter()
    if (fields.type === RECORD_TYPE.entry) scanEntry(cursor, fields)
    else if (fields.type === RECORD_TYPE.outcome) scanOutcome(cursor, fields)
    else scanAccess(cursor, fields)
    cursor.leave(outer)
  }
  return cursor.isBroken || !isComplete(fields) ? undefined : fields
}

function isComplete(fields: RecordFields): boolean {
  // Beyond 2^53 a time is no time, and it would not fit a column.
  if (
    !Number.isSafeInteger(fields.atUs) ||
    !Number.isSafeInteger(fields.kind) ||
    !Number.isSafeInteger(fields.status) ||
    !Number.isSafeInteger(fields.keyId)
  )
    return false
  if (fields.type === RECORD_TYPE.access) return true
  if (fields.type === 0 || fields.envelopeId.length !== ID_BYTES) return false
  return fields.type === RECORD_TYPE.outcome || fields.idempotencyKey.length === KEY_BYTES
}

function scanEntry(cursor: ProtoCursor, fields: RecordFields): void {
  while (cursor.next()) {
    if (cursor.value !== -1 || cursor.field > 2) continue
    const field = cursor.field
    const outer = cursor.enter()
    if (field === 1) scanEnvelope(cursor, fields)
    else scanDecision(cursor, fields)
    cursor.leave(outer)
  }
}

// Numbers are those of envelope.proto.
function scanEnvelope(cursor: ProtoCursor, fields: RecordFields): void {
  while (cursor.next()) {
    if (cursor.value !== -1) {
      if (cursor.field === 3) fields.atUs = cursor.value
      else if (cursor.field === 4) fields.kind = cursor.value
    } else if (cursor.field === 1) fields.envelopeId = cursor.word()
    else if (cursor.field === 2) fields.idempotencyKey = cursor.word()
    else if (cursor.field === 6) fields.fromAddress = cursor.text()
    else if (cursor.field === 7) fields.toAddress = cursor.text()
    else if (cursor.field === 8) fields.conversation = cursor.text()
    else if (cursor.field === 16) {
      const outer = cursor.enter()
      scanSealedBody(cursor, fields)
      cursor.leave(outer)
    }
  }
}

function scanSealedBody(cursor: ProtoCursor, fields: RecordFields): void {
  while (cursor.next()) {
    if (cursor.value !== -1 && cursor.field === 1) fields.keyId = cursor.value
  }
}

function scanDecision(cursor: ProtoCursor, fields: RecordFields): void {
  while (cursor.next()) {
    if (cursor.value !== -1) continue
    if (cursor.field === 1) fields.verdict = cursor.text()
    else if (cursor.field === 2) fields.code = cursor.text()
    else if (cursor.field === 5) fields.mark = cursor.text()
  }
}

function scanOutcome(cursor: ProtoCursor, fields: RecordFields): void {
  while (cursor.next()) {
    if (cursor.value === -1) {
      if (cursor.field === 1) fields.envelopeId = cursor.word()
      else if (cursor.field === 4) fields.code = cursor.text()
    } else if (cursor.field === 2) fields.atUs = cursor.value
    else if (cursor.field === 3) fields.status = cursor.value
  }
}

function scanAccess(cursor: ProtoCursor, fields: RecordFields): void {
  while (cursor.next()) {
    if (cursor.value !== -1 && cursor.field === 1) fields.atUs = cursor.value
  }
}
