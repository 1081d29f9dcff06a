import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { fromBinary } from '@bufbuild/protobuf'
import { parseExportLine } from '@gatehouse/archive'
import { ArchiveRecordSchema } from '@gatehouse/proto'
import { keyOf } from './ledger.ts'

/** What the archive says it holds. */
export interface ArchivedLog {
  readonly records: number
  /** Sequences of the entries of one message; more than one is one too many. */
  readonly entries: ReadonlyMap<string, readonly number[]>
  /** Where a sequence is missing or a record does not follow the one before it. */
  readonly breaks: readonly string[]
}

/** Reads an export of the whole log (JSON lines). */
export async function readArchivedLog(file: string): Promise<ArchivedLog> {
  const entries = new Map<string, number[]>()
  const breaks: string[] = []
  let records = 0
  let previous: Uint8Array | undefined
  for await (const text of createInterface({ input: createReadStream(file) })) {
    const line = parseExportLine(text)
    if (line === undefined) breaks.push(`a line that is neither record nor checkpoint: ${text.slice(0, 80)}`)
    if (line?.kind !== 'record') continue
    const { sequence, record, hash } = line.record
    records++
    if (sequence !== records) breaks.push(`sequence ${sequence} where ${records} was expected`)
    if (previous !== undefined && Buffer.compare(previous, line.previousHash) !== 0)
      breaks.push(`record ${sequence} follows another record`)
    previous = hash
    const { content } = fromBinary(ArchiveRecordSchema, record)
    if (content.case !== 'entry') continue
    const { transaction = '' } = content.value.envelope ?? {}
    // of a session only what was said in it
    const [conversation = '', , number, method] = transaction.split(' ')
    if (method !== 'MESSAGE') continue
    const key = keyOf(conversation, Number(number))
    entries.set(key, [...(entries.get(key) ?? []), sequence])
  }
  return { records, entries, breaks }
}
