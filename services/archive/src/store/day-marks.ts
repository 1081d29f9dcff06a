/**
 * Indexed values with the day of their commit in front: `day × 2^37 + value`. A day's records then stand together in every index, so that
 * a commit touches the pages of today, however long the log is; a search names the days it means.
 */
export const DAY_US = 86_400_000_000

/** Values have 37 bits: beside 16 bits of day they fit a number that JavaScript keeps exactly. */
export const VALUE_RANGE = 2 ** 37

/** Days since the epoch, UTC. */
export function dayNumber(us: number): number {
  return Math.max(0, Math.floor(us / DAY_US))
}

export function dayMark(day: number, value: number): number {
  return day * VALUE_RANGE + value
}

/** The value in a mark. */
export function valueOfMark(mark: number): number {
  return mark % VALUE_RANGE
}

/** 37 bits of a key that is a hash already, as latin1 text. */
export function valueOfKey(key: string): number {
  let value = key.charCodeAt(0) & 0x1f
  for (let at = 1; at < 5; at++) value = value * 256 + (key.charCodeAt(at) & 0xff)
  return value
}

// FNV-1a with 32 bits, run twice: spreads well enough for an index whose matches are compared with the record.
const PRIME = 0x01000193

/** 37 bits of any text. */
export function valueOfText(text: string): number {
  let high = 0x811c9dc5
  let low = 0xcbf29ce4
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    high = Math.imul(high ^ unit, PRIME)
    low = Math.imul(low ^ (unit + 0x9d), PRIME)
  }
  return (low >>> 27) * 2 ** 32 + (high >>> 0)
}

/** Windows of days from the last back to the first, each twice as long as the one before: what is found soon costs little. */
export function* dayWindows(firstDay: number, lastDay: number): Generator<readonly number[]> {
  let size = 1
  for (let end = lastDay; end >= firstDay; size = Math.min(size * 2, MOST_DAYS)) {
    const start = Math.max(firstDay, end - size + 1)
    yield Array.from({ length: end - start + 1 }, (_, at) => end - at)
    end = start - 1
  }
}

const MOST_DAYS = 128
