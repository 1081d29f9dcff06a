import assert from 'node:assert/strict'
import { it } from 'node:test'
import { accountId } from '@gatehouse/bridge-kit'
import { createTestContext } from '@gatehouse/bridge-kit/test'
import { LastHeard } from './last-heard.ts'

const account = accountId('a1')
const OVERLAP_MS = 10_000

it('is known again after a restart, a little earlier', async () => {
  const context = createTestContext()
  const heard = new LastHeard(context, account)
  assert.equal(await heard.load(), undefined)
  heard.note(1_000_000)
  await heard.save()
  assert.equal(await new LastHeard(context, account).load(), 1_000_000 - OVERLAP_MS)
})

it('is saved with the next attempt when it could not be, and says so', async () => {
  const context = createTestContext()
  let isAway = true
  const store = {
    ...context.store,
    put: (key: string, value: Uint8Array) => (isAway ? Promise.reject(new Error('away')) : context.store.put(key, value)),
  }
  const heard = new LastHeard({ ...context, store }, account)
  heard.note(1_000_000)
  await heard.save()
  assert.ok(context.logLines.some((line) => line.includes('away')))
  isAway = false
  await heard.save()
  assert.equal(await heard.load(), 1_000_000 - OVERLAP_MS)
})

it('does not trust a clock that runs ahead', async () => {
  const context = createTestContext()
  const heard = new LastHeard(context, account)
  heard.note(Number.MAX_SAFE_INTEGER)
  await heard.save()
  assert.ok(((await heard.load()) as number) <= Date.now())
})

it('keeps the older time while what was missed is fetched, also over the end of the connection', async () => {
  const context = createTestContext()
  const heard = new LastHeard(context, account)
  heard.note(1_000_000)
  await heard.save()
  heard.hold()
  heard.note(2_000_000)
  await heard.end()
  assert.equal(await new LastHeard(context, account).load(), 1_000_000 - OVERLAP_MS)
  const again = new LastHeard(context, account)
  again.hold()
  again.note(2_000_000)
  again.release()
  await again.end()
  assert.equal(await again.load(), 2_000_000 - OVERLAP_MS)
})
