import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type OpenCount, OpenShare } from './open-share.ts'

function connection(): OpenCount {
  return { openTransactions: 0, isPausedForTransactions: false }
}

function beginUntilPaused(share: OpenShare, count: OpenCount): number {
  while (!share.begin(count));
  return count.openTransactions
}

test('alone a connection may have all of the limit open, and is read again at half of it', () => {
  const share = new OpenShare(400)
  const one = connection()
  assert.equal(beginUntilPaused(share, one), 400)
  while (!share.end(one));
  assert.equal(one.openTransactions, 200)
  assert.equal(one.isPausedForTransactions, false)
})

test('beside three others that have something open it is a quarter, beside many never less than 64', () => {
  const share = new OpenShare(400)
  const noisy = connection()
  const others = Array.from({ length: 3 }, connection)
  for (const other of others) share.begin(other)
  assert.equal(beginUntilPaused(share, noisy), 100)
  for (let more = 0; more < 50; more++) share.begin(connection())
  while (!share.end(noisy));
  assert.equal(noisy.openTransactions, 32)
  assert.equal(beginUntilPaused(share, noisy), 64)
})

test('a limit below the smallest share holds', () => {
  const share = new OpenShare(5)
  share.begin(connection())
  assert.equal(beginUntilPaused(share, connection()), 5)
})

test('whoever was paused is read again when the others are done, at the latest when nothing of its own is open', () => {
  const share = new OpenShare(400)
  const noisy = connection()
  const other = connection()
  share.begin(other)
  assert.equal(beginUntilPaused(share, noisy), 200)
  share.end(other)
  assert.equal(share.end(noisy), true, 'alone again: 199 are less than half of 400')
  const last = connection()
  while (!share.begin(last));
  let isRead = false
  while (last.openTransactions > 0) isRead = share.end(last) || isRead
  assert.ok(isRead)
})

test('one that closed with something open takes no share any more', () => {
  const share = new OpenShare(400)
  const gone = connection()
  share.begin(gone)
  share.leave(gone)
  assert.equal(beginUntilPaused(share, connection()), 400)
})
