import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { scanRecord } from '../append/record-fields.ts'
import { searchAddress, searchDomain } from '../append/search-address.ts'
import { SampleRecords } from '../sample-records.ts'
import { TermReader } from './term-reader.ts'
import { markTerm, pairTerm, TERM, textTerm, verdictTerm } from './terms.ts'

const samples = new SampleRecords()
const piece = fc.constantFrom(
  'sip:',
  'SIPS:',
  'alice',
  'Bob',
  '@',
  '@',
  ':5061',
  ';tag=1',
  '>',
  '?',
  '[::1]',
  'contoso.example',
  'ü',
  '\0',
  '',
)
const address = fc.oneof(
  fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('')),
  fc.string(),
  fc.constantFrom(`sip:${'a'.repeat(600)}@x.example`, `sip:a@${'b'.repeat(300)}`),
)

it('reads from bytes the terms that the texts have', () => {
  const reader = new TermReader()
  fc.assert(
    fc.property(address, address, fc.string(), fc.constantFrom('allow', 'deny', ''), (fromAddress, toAddress, conversation, verdict) => {
      const record = samples.entry({ fromAddress, toAddress, conversation }, { verdict: verdict as 'allow', mark: 'unverified' }).record
      const terms: number[] = []
      reader.each(scanRecord(record)!, (term) => terms.push(term))
      const [from, to] = [searchAddress(fromAddress), searchAddress(toAddress)]
      const expected = [
        textTerm(TERM.from, from),
        textTerm(TERM.to, to),
        textTerm(TERM.domain, searchDomain(from)),
        textTerm(TERM.domain, searchDomain(to)),
        pairTerm(to, from),
        textTerm(TERM.conversation, conversation),
        verdictTerm(verdict),
        markTerm('unverified'),
      ]
      for (const term of expected) assert.ok(term === undefined || terms.includes(term))
      assert.equal(terms.length, 2 + new Set(expected.filter((term) => term !== undefined)).size)
    }),
  )
})
