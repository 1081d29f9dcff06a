import { ProtoCursor } from './proto-cursor.ts'
import { isReadable } from './readable-record.ts'

/** Numbers in the column `type`. */
export const RECORD_TYPE = { entry: 1, outcome: 2, access: 3, outcomes: 4 } as const

const NO_BUCKETS: readonly number[] = []

/**
 * What the archive looks at of one record; found without decoding the rest. Texts are made when they are asked for: nearly all that is done with
 * them is done with their bytes.
 */
export class RecordFields {
  readonly bytes: Buffer
  type = 0
  /** 16 bytes as latin1 text, which compares and keeps cheaper than a view; of several the first; empty for an access. */
  envelopeId = ''
  /** 32 bytes as latin1 text; entries only. */
  idempotencyKey = ''
  /** When the message came in, the outcome was known, the access happened. */
  atUs = 0
  kind = 0
  /** Of outcomes. */
  status = 0
  /** Messages that outcomes tell of. */
  count = 0
  /** Where such outcomes are looked for: the `outcomeBucket` of each of their messages, once. */
  buckets: readonly number[] = NO_BUCKETS
  /** Body key of a sealed body; 0: the body, if any, is in clear. */
  keyId = 0
  /** Where in `bytes` each text begins and ends. */
  fromStart = 0
  fromStop = 0
  toStart = 0
  toStop = 0
  conversationStart = 0
  conversationStop = 0
  verdictStart = 0
  verdictStop = 0
  markStart = 0
  markStop = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get fromAddress(): string {
    return this.bytes.toString('utf8', this.fromStart, this.fromStop)
  }

  get toAddress(): string {
    return this.bytes.toString('utf8', this.toStart, this.toStop)
  }

  get conversation(): string {
    return this.bytes.toString('utf8', this.conversationStart, this.conversationStop)
  }

  get verdict(): string {
    return this.bytes.toString('utf8', this.verdictStart, this.verdictStop)
  }

  get mark(): string {
    return this.bytes.toString('utf8', this.markStart, this.markStop)
  }
}

const ID_BYTES = 16
const KEY_BYTES = 32
const MOST_OUTCOMES = 4096

/** Finds the indexed fields of an encoded `ArchiveRecord`; undefined when it is not one. */
export function scanRecord(record: Uint8Array): RecordFields | undefined {
  const cursor = new ProtoCursor(record)
  const fields = new RecordFields(cursor.bytes)
  while (cursor.next()) {
    if (cursor.value !== -1 || cursor.field < 1 || cursor.field > 4) continue
    // A second content would make the record say two things.
    if (fields.type !== 0) return undefined
    fields.type = cursor.field
    const outer = cursor.enter()
    if (fields.type === RECORD_TYPE.entry) scanEntry(cursor, fields)
    else if (fields.type === RECORD_TYPE.outcome) scanOutcome(cursor, fields)
    else if (fields.type === RECORD_TYPE.outcomes) scanOutcomes(cursor, fields)
    else scanAccess(cursor, fields)
    cursor.leave(outer)
  }
  return cursor.isBroken || !isComplete(fields) || !isReadable(record) ? undefined : fields
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
  if (fields.type === RECORD_TYPE.outcomes) return fields.count > 0
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
    else if (cursor.field === 6) {
      fields.fromStart = cursor.start
      fields.fromStop = cursor.stop
    } else if (cursor.field === 7) {
      fields.toStart = cursor.start
      fields.toStop = cursor.stop
    } else if (cursor.field === 8) {
      fields.conversationStart = cursor.start
      fields.conversationStop = cursor.stop
    } else if (cursor.field === 16) {
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
    if (cursor.field === 1) {
      fields.verdictStart = cursor.start
      fields.verdictStop = cursor.stop
    } else if (cursor.field === 5) {
      fields.markStart = cursor.start
      fields.markStop = cursor.stop
    }
  }
}

function scanOutcome(cursor: ProtoCursor, fields: RecordFields): void {
  while (cursor.next()) {
    if (cursor.value === -1) {
      if (cursor.field === 1) fields.envelopeId = cursor.word()
    } else if (cursor.field === 2) fields.atUs = cursor.value
    else if (cursor.field === 3) fields.status = cursor.value
  }
}

/** Outcomes of messages are kept by the time that is in an envelope id, in steps of 256 ms. */
export function outcomeBucket(envelopeId: Uint8Array): number {
  return Buffer.from(envelopeId.buffer, envelopeId.byteOffset, envelopeId.byteLength).readUIntBE(0, 5)
}

function scanOutcomes(cursor: ProtoCursor, fields: RecordFields): void {
  let ids = 0
  let times = 0
  while (cursor.next()) {
    if (cursor.value !== -1) {
      if (cursor.field === 2) fields.atUs = cursor.value
      else if (cursor.field === 4) fields.status = cursor.value
    } else if (cursor.field === 1) ids = scanIds(cursor, fields)
    else if (cursor.field === 3) times = countVarints(cursor)
  }
  if (ids === times) fields.count = ids
}

/** How many envelope ids there are; 0 when they are none, or too many. */
function scanIds(cursor: ProtoCursor, fields: RecordFields): number {
  const count = (cursor.stop - cursor.start) / ID_BYTES
  if (!Number.isInteger(count) || count < 1 || count > MOST_OUTCOMES) return 0
  fields.envelopeId = cursor.bytes.toString('latin1', cursor.start, cursor.start + ID_BYTES)
  const buckets = new Set<number>()
  for (let at = cursor.start; at < cursor.stop; at += ID_BYTES) buckets.add(cursor.bytes.readUIntBE(at, 5))
  fields.buckets = [...buckets]
  return count
}

function countVarints(cursor: ProtoCursor): number {
  let count = 0
  for (let at = cursor.start; at < cursor.stop; at++) if (cursor.bytes[at]! < 0x80) count++
  return count
}

function scanAccess(cursor: ProtoCursor, fields: RecordFields): void {
  while (cursor.next()) {
    if (cursor.value !== -1 && cursor.field === 1) fields.atUs = cursor.value
  }
}
