/** Encoded entries, outcomes and accesses left out. */
export interface EntryPage {
  readonly records: readonly Uint8Array[]
  readonly reached: number
}

/** An ArchiveRecord with an entry begins with this byte: field 1, length-delimited. */
const ENTRY_TAG = 0x0a

/** Entries among records, until there are more than `maxBytes` of them, and the sequence reached; undefined: there are no records. */
export function entryPage(
  records: Iterable<readonly [sequence: number, record: Uint8Array]>,
  after: number,
  maxBytes: number,
): EntryPage | undefined {
  const entries: Uint8Array[] = []
  let reached = after
  let sizeBytes = 0
  for (const [sequence, record] of records) {
    reached = sequence
    if (record[0] !== ENTRY_TAG) continue
    entries.push(record)
    sizeBytes += record.length
    if (sizeBytes > maxBytes) break
  }
  return reached === after ? undefined : { records: entries, reached }
}
