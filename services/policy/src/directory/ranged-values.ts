import type { Entry } from 'ldapts'
import { directoryError } from './directory-codes.ts'

/** More values of one attribute than any group has; a server that goes on for ever is not believed. */
const MAX_VALUES = 5_000_000

/** Some values of an attribute, as Active Directory hands them out: `member;range=0-1499`. */
interface ValueRange {
  readonly attribute: string
  /** Key in the entry. */
  readonly key: string
  readonly from: number
  /** Undefined: to the last (`*`). */
  readonly to: number | undefined
}

const RANGE = /^([a-z][a-z0-9-]*);range=(\d{1,9})-(\d{1,9}|\*)$/i

/** Ranges in an entry. Attributes that came whole have none ([MS-ADTS] §3.1.1.3.1.3.3). */
export function rangesIn(entry: Entry): readonly ValueRange[] {
  return Object.keys(entry).flatMap((key) => {
    const [, attribute, from, to] = RANGE.exec(key) ?? []
    if (attribute === undefined) return []
    return [{ attribute, key, from: Number(from), to: to === '*' ? undefined : Number(to) }]
  })
}

/**
 * Every value of an attribute that came in part, the rest asked for range by range. Throws GH-DIRECTORY-AWAY when the server skips,
 * repeats or forgets: a group that was half read must not count as read.
 */
export async function allValues(
  entry: Entry,
  first: ValueRange,
  ask: (attribute: string) => Promise<Entry | undefined>,
): Promise<(string | Buffer)[]> {
  const values: (string | Buffer)[] = []
  let range: ValueRange | undefined = first
  let answer: Entry | undefined = entry
  for (let next = 0; ; ) {
    if (range === undefined || answer === undefined || range.from !== next) {
      throw directoryError('GH-DIRECTORY-AWAY', `${entry.dn}: the server did not give ${first.attribute} from value ${next} on.`)
    }
    const got = listOf(answer[range.key])
    if (values.length + got.length > MAX_VALUES)
      throw directoryError('GH-DIRECTORY-TOO-MUCH', `${entry.dn} has more than ${MAX_VALUES} values of ${first.attribute}.`)
    for (const value of got) values.push(value)
    if (range.to === undefined) return values
    if (range.to < range.from) range = undefined
    else {
      next = range.to + 1
      answer = await ask(`${first.attribute};range=${next}-*`)
      range = answer === undefined ? undefined : rangesIn(answer).find(({ attribute }) => attribute === first.attribute)
    }
  }
}

function listOf(value: Entry[string] | undefined): (string | Buffer)[] {
  if (value === undefined) return []
  return Array.isArray(value) ? [...value] : [value]
}
