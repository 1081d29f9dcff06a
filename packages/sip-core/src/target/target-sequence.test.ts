import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SrvTarget } from './order-targets.ts'
import { TargetMarks } from './target-marks.ts'
import { TargetSequence } from './target-sequence.ts'

const targets: SrvTarget[] = ['a', 'b', 'c'].map((host) => ({ priority: 1, weight: 1, host, port: 5061 }))

function tried(marks: TargetMarks, nowMs: number): string {
  const sequence = new TargetSequence(targets, marks, nowMs)
  let hosts = ''
  for (let next = sequence.next(); next !== undefined; next = sequence.next()) hosts += next.host
  return hosts
}

test('RFC 3263 §4.3: each target once, in order', () => {
  assert.equal(tried(new TargetMarks(), 0), 'abc')
})

test('a target that failed goes last until its rest is over', () => {
  const marks = new TargetMarks({ restMs: 1_000 })
  const sequence = new TargetSequence(targets, marks, 0)
  assert.equal(sequence.next()?.host, 'a')
  sequence.noteFailure(0)
  assert.equal(sequence.next()?.host, 'b')
  sequence.noteSuccess()
  assert.equal(tried(marks, 999), 'bca')
  assert.equal(tried(marks, 1_000), 'abc')
  assert.equal(marks.size, 0)
})

test('RFC 3261 §21.5.4: the rest is as long as Retry-After says, and over at once when the target works again', () => {
  const marks = new TargetMarks({ restMs: 1_000 })
  marks.markFailed('b', 5061, 0, 60_000)
  assert.equal(tried(marks, 59_999), 'acb')
  marks.markGood('b', 5061)
  assert.equal(tried(marks, 59_999), 'abc')
})

test('all failed: all are tried all the same', () => {
  const marks = new TargetMarks()
  for (const target of targets) marks.markFailed(target.host, target.port, 0)
  assert.equal(tried(marks, 1), 'abc')
})

test('the table of marks is bounded: the oldest goes', () => {
  const marks = new TargetMarks({ maxMarks: 2 })
  for (const host of ['a', 'b', 'c']) marks.markFailed(host, 5061, 0)
  assert.equal(marks.size, 2)
  assert.deepEqual(
    ['a', 'b', 'c'].map((host) => marks.isFailed(host, 5061, 1)),
    [false, true, true],
  )
})
