import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { eachPosting, findPlaces, type PostingPage, packPostings } from './posting-pages.ts'
import { SLICE_RECORDS, TERM, termOf } from './terms.ts'

const posting = fc
  .tuple(fc.constantFrom(...Object.values(TERM)), fc.nat(40), fc.nat(SLICE_RECORDS - 1))
  .map(([kind, value, place]) => termOf(kind, value * 211_000_000) * SLICE_RECORDS + place)

const unpacked = (pages: readonly PostingPage[]): number[] => {
  const all: number[] = []
  for (const page of pages) eachPosting(page, (term, place) => all.push(term * SLICE_RECORDS + place))
  return all
}

describe('posting pages', () => {
  it('hold what was packed, in order, whatever that is', () => {
    fc.assert(
      fc.property(fc.uniqueArray(posting, { maxLength: 3000 }), (postings) => {
        const pages = packPostings(Float64Array.from(postings))
        assert.deepEqual(
          unpacked(pages),
          postings.toSorted((a, b) => a - b),
        )
        const names = pages.map(({ term, part }) => `${term} ${part}`)
        assert.equal(new Set(names).size, names.length, 'no two pages have one key')
        assert.ok(pages.every(({ bytes }) => bytes.length <= 3900))
      }),
      { numRuns: 30 },
    )
  })

  it('find all places of a term over the pages that it fills, and none of its neighbours', () => {
    const terms = [termOf(TERM.from, 7), termOf(TERM.from, 8), termOf(TERM.from, 9)]
    const all = terms.flatMap((term, at) => Array.from({ length: 9000 }, (_, place) => term * SLICE_RECORDS + place * 7 + at))
    const pages = packPostings(Float64Array.from(all))
    assert.ok(pages.length > 6)
    const places: number[] = []
    for (const page of pages) findPlaces(page, terms[1]!, places)
    assert.deepEqual(
      places,
      Array.from({ length: 9000 }, (_, place) => place * 7 + 1),
    )
  })

  it('of bytes that are no page they find whatever comes, and end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const places: number[] = []
        findPlaces({ term: 1, part: 0, bytes }, 5, places)
        assert.ok(places.length <= bytes.length)
      }),
    )
  })
})
