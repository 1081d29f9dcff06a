import type { Buffer } from 'node:buffer'
import type { LogRecord } from '../log-source.ts'

const HASH_AT = 8 + 8 + 4 + 4

/** Records that the database packed into two values: sequence, time, both sizes and hash of each, numbers big endian; and all records. Views, no copies. */
export function unpackRecords(heads: Buffer, records: Buffer): LogRecord[] {
  const unpacked: LogRecord[] = []
  let start = 0
  for (let at = 0; at < heads.length; ) {
    const end = start + heads.readUInt32BE(at + 16)
    const next = at + HASH_AT + heads.readUInt32BE(at + 20)
    unpacked.push({
      sequence: readUint64(heads, at),
      committedAtUs: readUint64(heads, at + 8),
      hash: heads.subarray(at + HASH_AT, next),
      record: records.subarray(start, end),
    })
    start = end
    at = next
  }
  return unpacked
}

function readUint64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
}
