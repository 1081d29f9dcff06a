import { RECORD_TYPE, type RecordFields } from '../append/record-fields.ts'
import { searchAddress, searchDomain } from '../append/search-address.ts'
import type { LogFinder, RecordSource } from '../index/log-finder.ts'
import { markTerm, pairTerm, TERM, textTerm, verdictTerm } from '../index/terms.ts'
import type { Awaitable } from './log-source.ts'

/** What to look for; absent or empty: anything. */
export interface SearchTerms {
  readonly fromAddress?: string
  readonly toAddress?: string
  /** Of either side. */
  readonly domain?: string
  /** Name of a thread, as its protocol gives it. */
  readonly conversation?: string
  /** Two participants, whichever of them writes. */
  readonly between?: readonly [string, string]
  readonly verdict?: string
  readonly mark?: string
  /** When it was received: from the first to before the second. */
  readonly sinceUs?: number
  readonly untilUs?: number
  /** Only entries before this sequence. */
  readonly beforeSequence?: number
}

/** What a search asks of a log. */
export interface SearchSource extends RecordSource {
  /** First sequence committed at or after a time. */
  firstAt(us: number): Awaitable<number>
}

// A message is received before it is committed, never after; by how much at most is bounded by the archive timeout of the
// edges and by how far their clocks are off. Five minutes is far beyond both.
export const MOST_COMMIT_DELAY_US = 300_000_000

const READ_RECORDS = 200

/** Sequences of matching entries, newest first, at most `limit`. */
export async function searchLog(source: SearchSource, finder: LogFinder, terms: SearchTerms, limit: number): Promise<number[]> {
  const { first, before } = await rangeOf(source, terms)
  const found: number[] = []
  if (first >= before) return found
  const indexed = indexTerms(terms)
  const candidates = indexed.length === 0 ? everything(first, before) : finder.withTerms(indexed, first, before)
  const isWanted = filterOf(terms)
  for await (const sequences of candidates) {
    // The first ones may be enough.
    for (let at = 0, size = Math.min(limit, READ_RECORDS); at < sequences.length; at += size, size = READ_RECORDS) {
      for (const { record, fields } of await finder.read(sequences.slice(at, at + size))) {
        if (!isWanted(fields)) continue
        found.push(record.sequence)
        if (found.length === limit) return found
      }
    }
  }
  return found
}

async function rangeOf(source: SearchSource, terms: SearchTerms): Promise<{ readonly first: number; readonly before: number }> {
  let first = 1
  let before = (await source.lastSequence()) + 1
  if (terms.beforeSequence !== undefined && terms.beforeSequence > 0) before = Math.min(before, terms.beforeSequence)
  if (terms.sinceUs) first = await source.firstAt(terms.sinceUs - MOST_COMMIT_DELAY_US)
  if (terms.untilUs) before = Math.min(before, await source.firstAt(terms.untilUs + MOST_COMMIT_DELAY_US))
  return { first, before }
}

function indexTerms(terms: SearchTerms): number[] {
  const indexed: (number | undefined)[] = []
  if (terms.conversation) indexed.push(textTerm(TERM.conversation, terms.conversation))
  if (terms.between !== undefined) indexed.push(pairTerm(searchAddress(terms.between[0]), searchAddress(terms.between[1])))
  if (terms.fromAddress) indexed.push(textTerm(TERM.from, searchAddress(terms.fromAddress)))
  if (terms.toAddress) indexed.push(textTerm(TERM.to, searchAddress(terms.toAddress)))
  if (terms.domain) indexed.push(textTerm(TERM.domain, terms.domain.toLowerCase()))
  if (terms.verdict) indexed.push(verdictTerm(terms.verdict))
  if (terms.mark) indexed.push(markTerm(terms.mark))
  return indexed.filter((term) => term !== undefined)
}

/** Back through the log, as nothing tells what to leave out. */
async function* everything(first: number, before: number): AsyncGenerator<readonly number[]> {
  for (let end = before - 1; end >= first; end -= READ_RECORDS) {
    const count = Math.min(READ_RECORDS, end - first + 1)
    yield Array.from({ length: count }, (_, at) => end - at)
  }
}

function filterOf(terms: SearchTerms): (fields: RecordFields) => boolean {
  const { conversation, verdict, mark, sinceUs = 0, untilUs } = terms
  const from = terms.fromAddress ? searchAddress(terms.fromAddress) : undefined
  const to = terms.toAddress ? searchAddress(terms.toAddress) : undefined
  const domain = terms.domain?.toLowerCase()
  const between = terms.between?.map(searchAddress).sort().join('\n')
  return (fields) => {
    if (fields.type !== RECORD_TYPE.entry || fields.atUs < sinceUs || (untilUs && fields.atUs >= untilUs)) return false
    if ((conversation && fields.conversation !== conversation) || (verdict && fields.verdict !== verdict)) return false
    if (mark && fields.mark !== mark) return false
    const [sender, receiver] = [searchAddress(fields.fromAddress), searchAddress(fields.toAddress)]
    if ((from !== undefined && sender !== from) || (to !== undefined && receiver !== to)) return false
    if (between !== undefined && [sender, receiver].sort().join('\n') !== between) return false
    return !domain || searchDomain(sender) === domain || searchDomain(receiver) === domain
  }
}
