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
  const map = new ChurnMap<object>()
  map.replace('a', {})
  assert.deepEqual([map.size, map.get('a'), map.delete('a')], [0, undefined, false])
})
