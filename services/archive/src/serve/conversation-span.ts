import { scanRecord } from '../append/record-fields.ts'
import { CONVERSATION_IDLE_US } from '../export/export-run.ts'
import type { LogSource } from '../store/log-source.ts'
import type { SearchTerms } from '../store/search-log.ts'

const WINDOW_RECORDS = 1000
/** Hours of talk that are followed to each side. */
const MOST_WINDOWS = 240

/**
 * The conversation that a message is of: its two participants and the time that they wrote in without an hour of silence, over however many
 * SIP sessions, page-mode messages and networks. Undefined where there is no such message.
 */
export async function conversationSpan(
  log: LogSource,
  envelopeId: Uint8Array,
): Promise<Pick<SearchTerms, 'between' | 'sinceUs' | 'untilUs'> | undefined> {
  const sequence = await log.sequenceOfEnvelope(envelopeId)
  const [stored] = sequence === undefined ? [] : await log.recordsAt([sequence])
  const fields = stored === undefined ? undefined : scanRecord(stored.record)
  if (fields === undefined) return undefined
  const between = [fields.fromAddress, fields.toAddress] as const
  const timesIn = async (sinceUs: number, untilUs: number): Promise<number[]> => {
    const found = await log.search({ between, sinceUs: Math.max(1, sinceUs), untilUs }, WINDOW_RECORDS)
    return (await log.recordsAt(found)).map(({ record }) => scanRecord(record)?.atUs ?? 0)
  }
  let [first, last] = [fields.atUs, fields.atUs]
  for (let left = MOST_WINDOWS; left > 0; left--) {
    const times = await timesIn(first - CONVERSATION_IDLE_US, first)
    if (times.length === 0) break
    first = Math.min(...times)
  }
  for (let left = MOST_WINDOWS; left > 0; left--) {
    const times = await timesIn(last + 1, last + CONVERSATION_IDLE_US + 1)
    if (times.length === 0) break
    last = Math.max(...times)
  }
  return { between, sinceUs: Math.max(1, first), untilUs: last + 1 }
}
