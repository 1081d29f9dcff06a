import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { ChurnMap } from './churn-map.ts'

test('behaves as a Map does, whatever is set and deleted in whatever order', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const step = fc.record({ key, isSet: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = new ChurnMap<string, { at: number }>()
      const model = new Map<string, { at: number }>()
      for (const [at, { key: name, isSet }] of steps.entries()) {
        if (isSet) {
          const object = { at }
          if (map.has(name)) map.replace(name, object)
          else map.add(name, object)
          model.set(name, object)
        } else assert.equal(map.delete(name), model.delete(name))
        assert.equal(map.size, model.size)
        for (const each of ['a', 'b', 'c', 'd', 'e']) {
          assert.equal(map.get(each), model.get(each))
          assert.equal(map.has(each), model.has(each))
        }
      }
    }),
  )
})

test('replaces nothing that is not in', () => {
  const map = new ChurnMap<string, object>()
  map.replace('a', {})
  assert.deepEqual([map.size, map.get('a'), map.delete('a')], [0, undefined, false])
})

test('leaves nothing behind that a young collection keeps', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void
  const ROUNDS = 50_000
  const leftBy = (comeAndGo: (key: string) => void): number => {
    // a table must be old when it is discarded for its successors to survive
    comeAndGo('first')
    collect()
    const before = process.memoryUsage().heapUsed
    for (let at = 0; at < ROUNDS; at++) comeAndGo(`key ${at}`)
    collect({ type: 'minor' })
    collect({ type: 'minor' })
    return (process.memoryUsage().heapUsed - before) / ROUNDS
  }
  const map = new ChurnMap<string, object>()
  const left = leftBy((key) => {
    map.add(key, {})
    map.delete(key)
  })
  const plain = new Map<string, object>()
  const leftOfMap = leftBy((key) => {
    plain.set(key, {})
    plain.delete(key)
  })
  assert.ok(left < leftOfMap / 4, `${left} octets per entry, ${leftOfMap} of a Map`)
})
