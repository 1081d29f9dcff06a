import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dayMark, dayNumber, dayWindows, VALUE_RANGE, valueOfKey, valueOfMark, valueOfText } from './day-marks.ts'

test('a mark holds its day and its value, and marks of a later day are greater', () => {
  const value = fc.nat(2 ** 31 - 1)
  fc.assert(
    fc.property(fc.nat(65_535), value, value, (day, one, other) => {
      const mark = dayMark(day, one)
      return Number.isSafeInteger(mark) && valueOfMark(mark) === one && dayMark(day + 1, other) > mark
    }),
  )
  assert.ok(Number.isSafeInteger(dayMark(65_535, VALUE_RANGE - 1)))
})

test('values of keys and texts fit, and equal ones are equal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.uint8Array({ minLength: 32, maxLength: 32 }), (text, key) => {
      const values = [valueOfText(text), valueOfKey(Buffer.from(key).toString('latin1'))]
      return values.every((value) => Number.isSafeInteger(value) && value >= 0 && value < VALUE_RANGE) && values[0] === valueOfText(text)
    }),
  )
})

test('texts that are alike spread over all 37 bits', () => {
  const values = new Set(Array.from({ length: 100_000 }, (_, at) => valueOfText(`${at}-a84b4c76e66710@edge.fabrikam.example`)))
  assert.ok(values.size > 99_990, `${values.size} of 100000 differ`)
  assert.equal(new Set([...values].map((value) => Math.floor(value / 2 ** 32))).size, 32)
})

test('windows cover every day once, newest first, and grow', () => {
  const windows = [...dayWindows(20_000, 20_009)]
  assert.deepEqual(
    windows.map((days) => days.length),
    [1, 2, 4, 3],
  )
  assert.deepEqual(
    windows.flat(),
    Array.from({ length: 10 }, (_, at) => 20_009 - at),
  )
  assert.deepEqual([...dayWindows(5, 4)], [])
})

test('days are those of UTC', () => {
  assert.equal(dayNumber(Date.UTC(1970, 0, 2) * 1000), 1)
  assert.equal(dayNumber(Date.UTC(1970, 0, 2) * 1000 - 1), 0)
  assert.equal(dayNumber(-5), 0)
})
