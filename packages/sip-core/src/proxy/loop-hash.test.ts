import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleRequest } from '../testing/sample-messages.ts'
import { loopHash } from './loop-hash.ts'

function withRoute(characters: number): ReturnType<typeof sampleRequest> {
  return sampleRequest('MESSAGE', { headers: [['Route', `<sip:${'a'.repeat(characters)}@p1.example.org;lr>`]] })
}

test('a request has one hash, whatever was hashed before it and however long it is', () => {
  const lengths = [1, 2_048, 500, 1_900, 10_000, 2, 2_000]
  const first = lengths.map((length) => loopHash(withRoute(length)))
  const again = lengths.toReversed().map((length) => loopHash(withRoute(length)))
  assert.deepEqual(again.toReversed(), first)
  assert.equal(new Set(first).size, lengths.length)
})

test('the last character of a long request counts', () => {
  for (const length of [10, 1_990, 5_000]) {
    const [one, other] = ['a', 'b'].map((last) => sampleRequest('MESSAGE', { headers: [['Proxy-Require', 'x'.repeat(length) + last]] }))
    assert.notEqual(loopHash(one!), loopHash(other!))
  }
})
