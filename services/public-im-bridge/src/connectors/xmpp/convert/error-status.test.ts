import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stanzaConditions } from '@gatehouse/xmpp-core'
import { conditionOfStatus, statusOfCondition } from './error-status.ts'

test('every status has a condition, every condition a status of failure', () => {
  for (let status = 300; status < 700; status += 1) assert.ok(Object.hasOwn(stanzaConditions, conditionOfStatus(status)), String(status))
  for (const condition of Object.keys(stanzaConditions)) assert.ok(statusOfCondition[condition as keyof typeof statusOfCondition] >= 400)
})

test('what an XMPP stranger may not learn: whether an account exists (RFC 6121 §8.5.1)', () => {
  for (const status of [404, 604]) assert.equal(conditionOfStatus(status), 'service-unavailable')
})
