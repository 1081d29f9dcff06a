import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OPERATION_KINDS, type Operation, RelayPlayground } from '../testing/relay-playground.ts'

test('no order of events throws, keeps a transaction open or leaves memory behind', () => {
  const operation: fc.Arbitrary<Operation> = fc.tuple(fc.constantFrom(...OPERATION_KINDS), fc.nat(1_000), fc.nat(1_000))
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 60 }), (operations) => {
      const playground = new RelayPlayground()
      for (const one of operations) playground.do(one)
      assert.deepEqual(playground.leftovers(), [])
    }),
    { numRuns: 150 },
  )
})
