import assert from 'node:assert/strict'
import { it } from 'node:test'
import { accountId } from '@gatehouse/bridge-kit'
import { createTestContext } from '@gatehouse/bridge-kit/test'
import { awayWords, OwnAway } from './own-away.ts'

const account = accountId('a1')

it('says that the user is away, and nothing of what the user wrote about it', () => {
  const words = (['away', 'xa', 'dnd', 'chat', undefined] as const).map((show) =>
    awayWords({ kind: 'presence', type: 'available', note: 'at the doctor', ...(show === undefined ? {} : { show }) }),
  )
  assert.deepEqual(words, ['Away', 'Away for a longer time', 'Does not want to be disturbed', undefined, undefined])
  assert.equal(awayWords({ kind: 'presence', type: 'unavailable', note: 'at the doctor' }), 'Not online')
})

it('is known after a restart, and news only once', async () => {
  const context = createTestContext()
  const own = new OwnAway(context, account)
  assert.deepEqual([own.set('Away'), own.set('Away')], [true, false])
  const again = new OwnAway(context, account)
  await again.load()
  assert.equal(again.words, 'Away')
  assert.equal(again.set(undefined), true)
  const last = new OwnAway(context, account)
  await last.load()
  assert.equal(last.words, undefined)
})
