import { sortPostings } from './sort-postings.ts'
import { SLICE_RECORDS } from './terms.ts'

/** Part of a slice as it is kept: terms in order, each with the places of its records. */
export interface PostingPage {
  /** The first term of the page. */
  readonly term: number
  /** From 0, of pages that begin with the same term. */
  readonly part: number
  readonly bytes: Uint8Array
}

// Four of them fit a page of the index file, one or two a page of PostgreSQL, none is spilled.
const PAGE_BYTES = 3900
/** The most that one more place takes: a term, a count and a place. */
const MOST_STEP_BYTES = 6 + 3 + 3

/** Sorts the postings of a slice in place and packs them. The same records always give the same pages. */
export function packPostings(postings: Float64Array): PostingPage[] {
  sortPostings(postings)
  const packer = new PagePacker()
  for (let at = 0; at < postings.length; ) {
    const term = Math.floor(postings[at]! / SLICE_RECORDS)
    const end = (term + 1) * SLICE_RECORDS
    let stop = at + 1
    while (stop < postings.length && postings[stop]! < end) stop++
    packer.add(term, postings, at, stop)
    at = stop
  }
  return packer.finish()
}

/**
 * A page is a list of groups: how far the term is from the one before (from the first of the page: 0), how many places, the first place,
 * and how far each is from the one before. All as varints.
 */
class PagePacker {
  readonly #pages: PostingPage[] = []
  readonly #bytes = new Uint8Array(PAGE_BYTES + MOST_STEP_BYTES)
  #at = 0
  #firstTerm = 0
  #lastTerm = 0
  #part = 0

  add(term: number, postings: Float64Array, start: number, stop: number): void {
    const base = term * SLICE_RECORDS
    for (let at = start; at < stop; ) {
      if (this.#at + MOST_STEP_BYTES > PAGE_BYTES) this.#close()
      if (this.#at === 0) this.#open(term)
      this.#varint(term - this.#lastTerm)
      this.#lastTerm = term
      const count = this.#fitting(postings, base, at, stop)
      this.#varint(count)
      let before = 0
      for (const end = at + count; at < end; at++) {
        const place = postings[at]! - base
        this.#varint(place - before)
        before = place
      }
      if (at < stop) this.#close()
    }
  }

  finish(): PostingPage[] {
    this.#close()
    return this.#pages
  }

  /** How many of the next places fit this page; at least one. */
  #fitting(postings: Float64Array, base: number, start: number, stop: number): number {
    let room = PAGE_BYTES - this.#at - 3
    let before = 0
    let at = start
    for (; at < stop; at++) {
      const place = postings[at]! - base
      const step = place - before
      room -= step < 0x80 ? 1 : step < 0x4000 ? 2 : 3
      if (room < 0 && at > start) break
      before = place
    }
    return at - start
  }

  #open(term: number): void {
    const before = this.#pages.at(-1)
    this.#part = before?.term === term ? before.part + 1 : 0
    this.#firstTerm = term
    this.#lastTerm = term
  }

  #close(): void {
    if (this.#at === 0) return
    this.#pages.push({ term: this.#firstTerm, part: this.#part, bytes: this.#bytes.slice(0, this.#at) })
    this.#at = 0
  }

  #varint(value: number): void {
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[this.#at++] = (rest % 0x80) | 0x80
    this.#bytes[this.#at++] = rest
  }
}

/** Hands over each term of a page with each of its places. Stops where the bytes are no page. */
export function eachPosting({ term: first, bytes }: PostingPage, take: (term: number, place: number) => void): void {
  const reader = new VarintReader(bytes)
  let term = first
  while (reader.hasMore) {
    term += reader.next()
    let place = 0
    for (let left = reader.next(); left > 0 && reader.hasMore; left--) {
      place += reader.next()
      take(term, place)
    }
  }
}

/** Adds the places of one term on a page to a list. */
export function findPlaces(page: PostingPage, wanted: number, places: number[]): void {
  const reader = new VarintReader(page.bytes)
  let term = page.term
  while (reader.hasMore) {
    term += reader.next()
    if (term > wanted) return
    let left = reader.next()
    if (term < wanted) {
      for (; left > 0 && reader.hasMore; left--) reader.skip()
      continue
    }
    let place = 0
    for (; left > 0 && reader.hasMore; left--) {
      place += reader.next()
      places.push(place)
    }
  }
}

class VarintReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get hasMore(): boolean {
    return this.#at < this.#bytes.length
  }

  next(): number {
    let value = 0
    let scale = 1
    while (this.#at < this.#bytes.length) {
      const byte = this.#bytes[this.#at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
      scale *= 0x80
    }
    return value
  }

  skip(): void {
    while (this.#at < this.#bytes.length && this.#bytes[this.#at++]! >= 0x80);
  }
}
