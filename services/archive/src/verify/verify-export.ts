import type { KeyObject } from 'node:crypto'
import type { Checkpoint } from '../chain/checkpoint.ts'
import { ChainChecker, type ChainReport } from './chain-checker.ts'
import { parseExportLine } from './export-lines.ts'

export interface VerifyExportOptions {
  /** The archive's public keys; from the archive itself, not from the file that is checked. */
  readonly publicKeys: readonly KeyObject[]
  /** From the second checkpoint file. */
  readonly otherCheckpoints?: readonly Checkpoint[]
}

/**
 * Checks an export (JSON lines) without the archive. `readLines` is called twice, for the checkpoints and for the records:
 * checkpoints may stand anywhere in the file, and nothing is kept in memory but them.
 */
export async function verifyExport(readLines: () => AsyncIterable<string>, options: VerifyExportOptions): Promise<ChainReport> {
  const checkpoints: Checkpoint[] = [...(options.otherCheckpoints ?? [])]
  let start: { sequence: number; hash: Uint8Array } | undefined
  for await (const line of readLines()) {
    // Looking before parsing: nearly all lines are records.
    if (start !== undefined && !line.startsWith('{"checkpoint"')) continue
    const parsed = parseExportLine(line)
    if (parsed?.kind === 'checkpoint') checkpoints.push(parsed.checkpoint)
    else if (parsed !== undefined) start ??= { sequence: parsed.record.sequence - 1, hash: parsed.previousHash }
  }
  const first = start ?? { sequence: 0, hash: new Uint8Array() }
  const checker = new ChainChecker(
    first,
    options.publicKeys,
    checkpoints.filter(({ sequence }) => sequence > first.sequence),
  )
  let number = 0
  for await (const line of readLines()) {
    number++
    if (line === '') continue
    const parsed = parseExportLine(line)
    if (parsed?.kind === 'record') checker.check(parsed.record)
    else if (parsed === undefined) checker.find(0, 'GH-ARCHIVE-UNREADABLE', `line ${number}`)
  }
  return checker.finish(true)
}
