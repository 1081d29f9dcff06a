import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GatewayError } from '@gatehouse/errors'
import { requireKeptHere } from './kept-here.ts'

describe('kinds that are kept in the cluster', () => {
  it('are not changed elsewhere; others are', () => {
    const changes = [{ object: 'Partner/fabrikam' }, { object: 'BlockEntry/a' }, { object: 'BlockEntry/b' }]
    requireKeptHere([], changes)
    requireKeptHere(['Network'], changes)
    assert.throws(
      () => requireKeptHere(['BlockEntry'], changes),
      (thrown) =>
        thrown instanceof GatewayError && thrown.code === 'GH-REVISION-CLUSTER' && thrown.message.endsWith('BlockEntry/a and 1 more.'),
    )
  })
})
