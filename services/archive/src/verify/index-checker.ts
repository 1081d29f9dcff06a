import { RECORD_TYPE, scanRecord } from '../append/record-fields.ts'
import { searchAddress, searchDomain } from '../append/search-address.ts'
import { dayMark, dayNumber, valueOfKey, valueOfText } from '../store/day-marks.ts'
import type { IndexRow, LogRecord } from '../store/log-source.ts'

/** Says where the index would show something else than the records do: a row that is missing, one too many, or another value. */
export function* indexFaults(
  records: readonly LogRecord[],
  rows: readonly IndexRow[],
  indexedSequence: number,
): Generator<{ readonly sequence: number; readonly detail: string }> {
  let at = 0
  for (const { sequence, committedAtUs, record } of records) {
    if (sequence > indexedSequence) return
    // Of a record that is missing: told as that.
    while (at < rows.length && rows[at]!.sequence < sequence) at++
    const row = rows[at]?.sequence === sequence ? rows[at++] : undefined
    const fields = scanRecord(record)
    // Not readable, or no entry: altered, and told as that.
    if (fields === undefined || fields.type !== RECORD_TYPE.entry) {
      if (row !== undefined && fields !== undefined) yield { sequence, detail: 'search finds what is no entry' }
      continue
    }
    if (row === undefined) {
      yield { sequence, detail: 'search does not find it' }
      continue
    }
    const day = dayNumber(committedAtUs)
    const [from, to] = [searchAddress(fields.fromAddress), searchAddress(fields.toAddress)]
    const isSame =
      row.keyMark === dayMark(day, valueOfKey(fields.idempotencyKey)) &&
      row.conversationMark === dayMark(day, valueOfText(fields.conversation)) &&
      row.fromDay === day &&
      row.toDay === day &&
      row.domainsDay === day &&
      row.atUs === fields.atUs &&
      row.kind === fields.kind &&
      row.verdict === fields.verdict &&
      row.mark === fields.mark &&
      row.keyId === fields.keyId &&
      row.fromAddress === from &&
      row.toAddress === to &&
      row.domains === `${searchDomain(from)}\n${searchDomain(to)}` &&
      row.envelopeId === Buffer.from(fields.envelopeId, 'latin1').toString('hex')
    if (!isSame) yield { sequence, detail: 'search finds it by other words, or under another id, than the record has' }
  }
}
