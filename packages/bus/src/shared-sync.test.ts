import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SharedSync } from './shared-sync.ts'

type OnDone = (error: Error | null) => void

test('who comes while a sync runs shares the next one, and none is taken for done by one that began before it', async () => {
  const running: OnDone[] = []
  const sync = new SharedSync((onDone) => void running.push(onDone))
  const done: string[] = []
  const wait = (name: string): Promise<void> => sync.wait().then(() => void done.push(name))
  const [a, b, c] = [wait('a'), wait('b'), wait('c')]
  assert.equal(running.length, 1, 'one at a time')
  running.shift()?.(null)
  await a
  assert.deepEqual(done, ['a'])
  assert.equal(running.length, 1)
  running.shift()?.(null)
  await Promise.all([b, c])
  assert.deepEqual(done, ['a', 'b', 'c'])
  assert.equal(running.length, 0)
})

test('a disk that fails is told to those whose sync it was, and the next is tried again', async () => {
  const running: OnDone[] = []
  const sync = new SharedSync((onDone) => void running.push(onDone))
  const first = assert.rejects(sync.wait(), /EIO/)
  const second = sync.wait()
  running.shift()?.(new Error('EIO'))
  await first
  running.shift()?.(null)
  await second
})

test('what has to wait for the end of a sync does', async () => {
  const running: OnDone[] = []
  const sync = new SharedSync((onDone) => void running.push(onDone))
  let isClosed = false
  const waited = sync.wait()
  sync.idle(() => {
    isClosed = true
  })
  assert.equal(isClosed, false)
  running.shift()?.(null)
  await waited
  assert.equal(isClosed, true)
})
