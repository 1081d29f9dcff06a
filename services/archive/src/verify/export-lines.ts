import { Buffer } from 'node:buffer'
import { type Checkpoint, checkpointFrom } from '../chain/checkpoint.ts'
import type { LogRecord, StoredLogRecord } from '../store/log-source.ts'

/** One line of an export: a record with its hashes, or a checkpoint. */
export type ExportLine =
  | { readonly kind: 'record'; readonly record: LogRecord; readonly previousHash: Uint8Array }
  | { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint }

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

/** JSON without line end. Bytes are base64; `record` is the encoded `ArchiveRecord` as committed. */
export function recordLine(stored: StoredLogRecord): string {
  const { sequence, committedAtUs, previousHash, hash, record } = stored
  return JSON.stringify({
    record: { sequence, committedAtUs, previousHash: base64(previousHash), hash: base64(hash), record: base64(record) },
  })
}

/** Reads one line of an export or of a checkpoint file; undefined when it is neither. */
export function parseExportLine(line: string): ExportLine | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined
  if ('checkpoint' in parsed) {
    const checkpoint = checkpointFrom(parsed.checkpoint)
    return checkpoint === undefined ? undefined : { kind: 'checkpoint', checkpoint }
  }
  return 'record' in parsed ? recordFrom(parsed.record) : undefined
}

function recordFrom(value: unknown): ExportLine | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { sequence, committedAtUs, previousHash, hash, record } = value as Record<string, unknown>
  if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(committedAtUs)) return undefined
  if (typeof previousHash !== 'string' || typeof hash !== 'string' || typeof record !== 'string') return undefined
  return {
    kind: 'record',
    previousHash: Buffer.from(previousHash, 'base64'),
    record: {
      sequence: sequence as number,
      committedAtUs: committedAtUs as number,
      hash: Buffer.from(hash, 'base64'),
      record: Buffer.from(record, 'base64'),
    },
  }
}
