import { searchAddress } from '../append/search-address.ts'

/** What to look for; absent or empty: anything. */
export interface SearchTerms {
  readonly fromAddress?: string
  readonly toAddress?: string
  /** Of either side. */
  readonly domain?: string
  readonly conversation?: string
  readonly verdict?: string
  readonly mark?: string
  /** When it was received: from the first to before the second. */
  readonly sinceUs?: number
  readonly untilUs?: number
  /** Only entries before this sequence. */
  readonly beforeSequence?: number
}

export interface SearchPlan {
  readonly sql: string
  readonly values: readonly (string | number)[]
  /** Nothing can match. */
  readonly isEmpty: boolean
}

// A message is received before it is committed, never after; by how much at most is bounded by the archive timeout of the
// edges and by how far their clocks are off. Five minutes is far beyond both.
export const MOST_COMMIT_DELAY_US = 300_000_000

/** The statement for a search: sequences of at most `limit` entries, newest first. */
export function planSearch(terms: SearchTerms, limit: number, firstSequenceAt: (us: number) => number): SearchPlan {
  const where: string[] = []
  const values: (string | number)[] = []
  const add = (condition: string, value: string | number): void => {
    where.push(condition)
    values.push(value)
  }
  if (terms.fromAddress) add('from_address = ?', searchAddress(terms.fromAddress))
  if (terms.toAddress) add('to_address = ?', searchAddress(terms.toAddress))
  if (terms.conversation) add('conversation = ?', terms.conversation)
  if (terms.verdict) add('verdict = ?', terms.verdict)
  if (terms.mark) add('mark = ?', terms.mark)
  let first = 1
  let before = terms.beforeSequence !== undefined && terms.beforeSequence > 0 ? terms.beforeSequence : Number.MAX_SAFE_INTEGER
  if (terms.sinceUs) {
    first = firstSequenceAt(terms.sinceUs - MOST_COMMIT_DELAY_US)
    add('at_us >= ?', terms.sinceUs)
  }
  if (terms.untilUs) {
    before = Math.min(before, firstSequenceAt(terms.untilUs + MOST_COMMIT_DELAY_US))
    add('at_us < ?', terms.untilUs)
  }
  add('sequence >= ?', first)
  add('sequence < ?', before)
  const select = (condition: string): string => `SELECT sequence FROM entry WHERE ${condition} ORDER BY sequence DESC LIMIT ?`
  const isEmpty = first >= before
  const rest = where.join(' AND ')
  if (!terms.domain) return { sql: select(rest), values: [...values, limit], isEmpty }
  // Each side by its own index, each already in order: a domain that nearly all messages have costs no more than a rare one.
  const domain = terms.domain.toLowerCase()
  const side = (column: string): string => `SELECT sequence FROM (${select(`${column} = ? AND ${rest}`)})`
  const sql = `${side('from_domain')} UNION ${side('to_domain')} ORDER BY sequence DESC LIMIT ?`
  return { sql, values: [domain, ...values, limit, domain, ...values, limit, limit], isEmpty }
}
