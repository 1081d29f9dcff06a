import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ownerOf } from './rendezvous.ts'

const keys = Array.from({ length: 3_000 }, (_, at) => `account-${at}`)

describe('who owns a key', () => {
  it('is the same whatever the order of the members', () => {
    for (const key of keys.slice(0, 100)) assert.equal(ownerOf(key, ['r0', 'r1', 'r2']), ownerOf(key, ['r2', 'r0', 'r1']))
    assert.equal(ownerOf('x', []), undefined)
  })

  it('spreads over the members', () => {
    const counts = new Map<string, number>()
    for (const key of keys) {
      const owner = ownerOf(key, ['r0', 'r1', 'r2']) ?? ''
      counts.set(owner, (counts.get(owner) ?? 0) + 1)
    }
    for (const count of counts.values()) assert.ok(count > 850 && count < 1_150, [...counts].join(' '))
  })

  it('moves only the keys of a member that goes', () => {
    for (const key of keys) {
      const before = ownerOf(key, ['r0', 'r1', 'r2'])
      const after = ownerOf(key, ['r0', 'r2'])
      if (before !== 'r1') assert.equal(after, before)
    }
  })
})
