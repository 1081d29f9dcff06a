import { type CompiledQuery, type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import { searchAddress } from '../append/search-address.ts'
import { dayMark, dayWindows, VALUE_RANGE, valueOfText } from './day-marks.ts'
import type { IndexTables } from './index-tables.ts'

/** What to look for; absent or empty: anything. */
export interface SearchTerms {
  readonly fromAddress?: string
  readonly toAddress?: string
  /** Of either side. */
  readonly domain?: string
  /** Name of a thread; another one may rarely be among what is found: compare with the record. */
  readonly conversation?: string
  readonly verdict?: string
  readonly mark?: string
  /** When it was received: from the first to before the second. */
  readonly sinceUs?: number
  readonly untilUs?: number
  /** Only entries before this sequence. */
  readonly beforeSequence?: number
}

/** What a search asks of a store, whichever database that is. */
export interface SearchSource {
  readonly queries: Kysely<IndexTables>
  /** Rows with one column, a number. */
  numbers(query: CompiledQuery): Promise<number[]> | number[]
  lastSequence(): Promise<number> | number
  /** First sequence committed at or after a time. */
  firstAt(us: number): Promise<number> | number
  /** Day on which a record was committed. */
  dayOf(sequence: number): Promise<number> | number
}

// A message is received before it is committed, never after; by how much at most is bounded by the archive timeout of the
// edges and by how far their clocks are off. Five minutes is far beyond both.
export const MOST_COMMIT_DELAY_US = 300_000_000

// More pairs than that have a domain whose messages are found sooner by going back through all: nearly every one has it.
const MOST_PAIRS = 64

type MarkColumn = 'from_mark' | 'to_mark' | 'domains_mark' | 'conversation_mark'
type Entries = SelectQueryBuilder<IndexTables, 'entry', { sequence: number }>

/** Sequences of matching entries, newest first, at most `limit`. */
export async function searchLog(source: SearchSource, terms: SearchTerms, limit: number): Promise<number[]> {
  const { first, before } = await rangeOf(source, terms)
  if (first >= before) return []
  const marks = await marksOf(source, terms)
  if (marks === undefined) return []
  const range = { first, before }
  if (marks.length === 0) return await source.numbers(allEntries(source, terms, range, limit))
  const found: number[] = []
  const [firstDay, lastDay] = [await source.dayOf(first), await source.dayOf(before - 1)]
  for (const days of dayWindows(firstDay, lastDay)) {
    found.push(...(await source.numbers(entriesOfDays(source, terms, range, marks, days, limit - found.length))))
    if (found.length >= limit) break
  }
  return found
}

interface Range {
  readonly first: number
  readonly before: number
}

async function rangeOf(source: SearchSource, terms: SearchTerms): Promise<Range> {
  let first = 1
  let before = (await source.lastSequence()) + 1
  if (terms.beforeSequence !== undefined && terms.beforeSequence > 0) before = Math.min(before, terms.beforeSequence)
  if (terms.sinceUs) first = await source.firstAt(terms.sinceUs - MOST_COMMIT_DELAY_US)
  if (terms.untilUs) before = Math.min(before, await source.firstAt(terms.untilUs + MOST_COMMIT_DELAY_US))
  return { first, before }
}

/** Indexed columns and the values to look for; undefined where nothing can match. */
async function marksOf(
  source: SearchSource,
  terms: SearchTerms,
): Promise<{ readonly column: MarkColumn; readonly values: readonly number[] }[] | undefined> {
  const marks: { column: MarkColumn; values: readonly number[] }[] = []
  if (terms.conversation) marks.push({ column: 'conversation_mark', values: [valueOfText(terms.conversation)] })
  for (const [column, address] of [['from_mark', terms.fromAddress] as const, ['to_mark', terms.toAddress] as const]) {
    if (!address) continue
    const query = source.queries.selectFrom('address').select('id').where('address', '=', searchAddress(address))
    marks.push({ column, values: await source.numbers(query.compile()) })
  }
  if (terms.domain) {
    const pairs = await source.numbers(
      pairsOf(source.queries, terms.domain)
        .limit(MOST_PAIRS + 1)
        .compile(),
    )
    if (pairs.length <= MOST_PAIRS) marks.push({ column: 'domains_mark', values: pairs })
  }
  return marks.some(({ values }) => values.length === 0) ? undefined : marks
}

function pairsOf(queries: Kysely<IndexTables>, domain: string) {
  const name = domain.toLowerCase()
  return queries
    .selectFrom('domain_pair')
    .select('domain_pair.id')
    .where((where) => where.or([where('from_domain', '=', name), where('to_domain', '=', name)]))
}

/** By the marks of some days. `+sequence`: the order is made from the few rows that match, never by going through the log in order. */
function entriesOfDays(
  source: SearchSource,
  terms: SearchTerms,
  { first, before }: Range,
  marks: readonly { readonly column: MarkColumn; readonly values: readonly number[] }[],
  days: readonly number[],
  limit: number,
): CompiledQuery {
  let entries = filtered(source.queries, terms)
  for (const { column, values } of marks) {
    const wanted = days.flatMap((day) => values.map((value) => dayMark(day, value)))
    entries = entries.where(column, 'in', wanted)
  }
  if (terms.domain && !marks.some(({ column }) => column === 'domains_mark')) entries = ofDomain(source.queries, entries, terms.domain)
  return entries.where(sql<boolean>`+sequence >= ${first} and +sequence < ${before}`).orderBy(sql`+sequence`, 'desc').limit(limit).compile()
}

/** Without any mark: back through the log, or through what was refused or unverified. */
function allEntries(source: SearchSource, terms: SearchTerms, { first, before }: Range, limit: number): CompiledQuery {
  const entries = filtered(source.queries, terms).where('sequence', '>=', first).where('sequence', '<', before)
  return (terms.domain ? ofDomain(source.queries, entries, terms.domain) : entries).orderBy('sequence', 'desc').limit(limit).compile()
}

function filtered(queries: Kysely<IndexTables>, terms: SearchTerms): Entries {
  let entries: Entries = queries.selectFrom('entry').select('sequence')
  // As text, not as parameters: partial indexes are made for these very words.
  if (terms.verdict === 'deny') entries = entries.where('verdict', '=', sql.lit('deny'))
  else if (terms.verdict) entries = entries.where('verdict', '=', terms.verdict)
  if (terms.mark === 'unverified') entries = entries.where('mark', '=', sql.lit('unverified'))
  else if (terms.mark) entries = entries.where('mark', '=', terms.mark)
  if (terms.sinceUs) entries = entries.where('at_us', '>=', terms.sinceUs)
  if (terms.untilUs) entries = entries.where('at_us', '<', terms.untilUs)
  return entries
}

function ofDomain(queries: Kysely<IndexTables>, entries: Entries, domain: string): Entries {
  return entries.where(sql<number>`domains_mark % ${sql.lit(VALUE_RANGE)}`, 'in', pairsOf(queries, domain))
}
