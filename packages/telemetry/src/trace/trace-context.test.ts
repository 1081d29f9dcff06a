import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { batchTraceHeaders, batchTracesOf, traceHeaders, traceOf } from './propagation.ts'
import { formatTraceparent, parseTraceparent, type TraceContext } from './trace-context.ts'

const hex = (length: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: fc.constantFrom(...Array.from('0123456789abcdef')), minLength: length, maxLength: length })
    .filter((digits) => !/^0+$/.test(digits))
const contexts: fc.Arbitrary<TraceContext> = fc
  .record({ traceId: hex(32), spanId: hex(16), isSampled: fc.boolean() })
  .map((record) => ({ ...record }))
const GOOD = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

describe('traceparent', () => {
  it('is read as it was written', () => {
    fc.assert(fc.property(contexts, (context) => assert.deepEqual(parseTraceparent(formatTraceparent(context)), context)))
    assert.equal(formatTraceparent(parseTraceparent(GOOD) as TraceContext), GOOD)
  })

  it('keeps only the sampled flag of those there are', () => {
    assert.equal(parseTraceparent(GOOD.replace(/01$/, 'fd'))?.isSampled, true)
    assert.equal(parseTraceparent(GOOD.replace(/01$/, '02'))?.isSampled, false)
  })

  const hostile = {
    nothing: '',
    'another version': GOOD.replace(/^00/, '01'),
    'the forbidden version': GOOD.replace(/^00/, 'ff'),
    'no trace': GOOD.replace(/[0-9a-f]{32}/, '0'.repeat(32)),
    'no span': GOOD.replace(/b7ad6b7169203331/, '0'.repeat(16)),
    capitals: GOOD.toUpperCase(),
    'more behind it': `${GOOD}-extra`,
    'a space before it': ` ${GOOD}`,
    'a line end': `${GOOD.slice(0, -1)}\n`,
    'a megabyte': '0'.repeat(1_000_000),
    'a comma list': `${GOOD},${GOOD}`,
    'other digits': GOOD.replace('0af7', '０af7'),
  }
  for (const [what, value] of Object.entries(hostile)) {
    it(`is not taken: ${what}`, () => assert.equal(parseTraceparent(value), undefined))
  }

  it('is never made of anything else, whatever is changed in it', () => {
    fc.assert(
      fc.property(fc.nat(GOOD.length - 1), fc.string({ maxLength: 3 }), (at, text) => {
        const changed = GOOD.slice(0, at) + text + GOOD.slice(at + 1)
        const read = parseTraceparent(changed)
        if (read !== undefined) assert.match(changed, /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
      }),
    )
  })
})

describe('headers between services', () => {
  const context = parseTraceparent(GOOD) as TraceContext

  it('are none at all for what is not followed', () => {
    assert.equal(traceHeaders(undefined), undefined)
    assert.equal(batchTraceHeaders([]), undefined)
    assert.equal(traceOf(undefined), undefined)
    assert.equal(traceOf({ traceparent: GOOD.replace(/01$/, '00') }), undefined)
  })

  it('carry one message, or those of a batch that are followed', () => {
    assert.deepEqual(traceOf(traceHeaders(context)), context)
    fc.assert(
      fc.property(
        fc.array(
          contexts.map((each) => ({ ...each, isSampled: true })),
          { maxLength: 16 },
        ),
        (all) => {
          assert.deepEqual(batchTracesOf(batchTraceHeaders(all)), all)
        },
      ),
    )
  })

  it('stay short, also those that somebody else made', () => {
    const many = Array.from({ length: 1_000 }, () => context)
    assert.equal(batchTracesOf(batchTraceHeaders(many)).length, 16)
    const forged = { traceparent: GOOD, 'gatehouse-traceparents': many.map(formatTraceparent).join(',') }
    assert.equal(batchTracesOf(forged).length, 16)
    assert.deepEqual(batchTracesOf({ traceparent: GOOD, 'gatehouse-traceparents': 'x,,y' }), [context])
  })
})
