import { Buffer } from 'node:buffer'
import { RecordHasher } from '../chain/record-hash.ts'
import { archiveError } from '../errors.ts'
import type { LogRecord } from './log-source.ts'

/** The end of a log. */
export interface LogHead {
  readonly sequence: number
  readonly hash: Uint8Array
  readonly committedAtUs: number
}

/** How many links are checked when a log is opened. */
export const TAIL_RECORDS = 64

/**
 * The head that the last records of a log lead to, given in order. What was lost or altered must not be built upon: throws
 * GH-ARCHIVE-CHAIN-BROKEN. `genesis`: what stands before the first record. `signed`: where the last checkpoint is.
 */
export function checkTail(tail: readonly LogRecord[], genesis: Uint8Array, signed: number): LogHead {
  const last = tail.at(-1)
  if (signed > (last?.sequence ?? 0))
    throw archiveError('GH-ARCHIVE-CHAIN-BROKEN', `it ends at ${last?.sequence ?? 0}, but a checkpoint signs ${signed}.`)
  if (last === undefined) return { sequence: 0, hash: genesis, committedAtUs: 0 }
  const hasher = new RecordHasher()
  for (const [at, { sequence, committedAtUs, hash, record }] of tail.entries()) {
    const before = tail[at - 1]
    const previous = before?.hash ?? (sequence === 1 ? genesis : undefined)
    if (previous === undefined) continue
    const isNext = before === undefined || sequence === before.sequence + 1
    if (!isNext || Buffer.compare(hasher.hashOf(sequence, committedAtUs, previous, record), hash) !== 0)
      throw archiveError('GH-ARCHIVE-CHAIN-BROKEN', `record ${sequence} does not follow from the one before.`)
  }
  return { sequence: last.sequence, hash: last.hash, committedAtUs: last.committedAtUs }
}
