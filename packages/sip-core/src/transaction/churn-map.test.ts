import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ChurnMap } from './churn-map.ts'

test('behaves as a Map does, whatever is set and deleted in whatever order', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const step = fc.record({ key, isSet: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = new ChurnMap<{ at: number }>()
      const model = new Map<string, { at: number }>()
      for (const [at, { key: name, isSet }] of steps.entries()) {
        if (isSet) {
          const object = { at }
          map.set(name, object)
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

test('a place that was given back is used again', () => {
  const map = new ChurnMap<{ at: number }>()
  for (let at = 0; at < 1000; at++) {
    map.set(`key ${at}`, { at })
    if (at >= 64) assert.equal(map.delete(`key ${at - 64}`), true)
  }
  assert.equal(map.size, 64)
  for (let at = 936; at < 1000; at++) assert.equal(map.get(`key ${at}`)?.at, at)
  assert.equal(map.get('key 935'), undefined)
})
