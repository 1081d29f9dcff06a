import type { Buffer } from 'node:buffer'
import type { LogRecord } from '../log-source.ts'

/** Records that the database packed into one value: sequence, time, size and hash, size and record, numbers big endian. Views, no copies. */
export function unpackRecords(packed: Buffer | undefined): LogRecord[] {
  const records: LogRecord[] = []
  if (packed === undefined) return records
  for (let at = 0; at < packed.length; ) {
    const sequence = readUint64(packed, at)
    const committedAtUs = readUint64(packed, at + 8)
    const hashStart = at + 20
    const hashEnd = hashStart + packed.readUInt32BE(at + 16)
    const recordStart = hashEnd + 4
    const recordEnd = recordStart + packed.readUInt32BE(hashEnd)
    records.push({ sequence, committedAtUs, hash: packed.subarray(hashStart, hashEnd), record: packed.subarray(recordStart, recordEnd) })
    at = recordEnd
  }
  return records
}

function readUint64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
}
