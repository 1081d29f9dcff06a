import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stanzaConditions } from '@gatehouse/xmpp-core'
import { conditionOfStatus, statusOfCondition } from './error-status.ts'

test('every status has a condition, every condition a status of failure', () => {
  for (let status = 300; status < 700; status += 1) assert.ok(Object.hasOwn(stanzaConditions, conditionOfStatus(status)), String(status))
  for (const condition of Object.keys(stanzaConditions)) assert.ok(statusOfCondition[condition as keyof typeof statusOfCondition] >= 400)
})

test('stanza errors become the statuses of RFC 7247 §7.1, but for those that SIP cannot say', () => {
  const rows = {
    'bad-request': 400,
    conflict: 400,
    'feature-not-implemented': 501,
    forbidden: 403,
    gone: 410,
    'internal-server-error': 500,
  }
  const more = { 'item-not-found': 404, 'jid-malformed': 400, 'not-acceptable': 406, 'policy-violation': 403, 'recipient-unavailable': 480 }
  const rest = { 'remote-server-not-found': 404, 'resource-constraint': 500, 'subscription-required': 400, 'undefined-condition': 400 }
  const otherwise = {
    'not-authorized': 403,
    redirect: 480,
    'registration-required': 403,
    'remote-server-timeout': 504,
    'service-unavailable': 480,
  }
  for (const [condition, status] of Object.entries({ ...rows, ...more, ...rest, ...otherwise, 'unexpected-request': 491 })) {
    assert.equal(statusOfCondition[condition as keyof typeof statusOfCondition], status, condition)
  }
})

test('statuses become the stanza errors of RFC 7247 §7.2, but for whether an account exists', () => {
  const rows: readonly (readonly [condition: string, statuses: readonly number[]])[] = [
    ['bad-request', [400, 402, 493, 499]],
    ['not-authorized', [401]],
    ['forbidden', [403]],
    ['feature-not-implemented', [405, 420, 439, 501]],
    ['not-acceptable', [380, 406, 415, 416, 421, 482, 483, 488, 505, 606]],
    ['registration-required', [407]],
    ['remote-server-timeout', [408, 504]],
    ['gone', [410]],
    ['policy-violation', [413, 414, 440, 489, 513]],
    ['resource-constraint', [423]],
    ['recipient-unavailable', [430, 480, 486, 487, 600, 603, 699]],
    ['item-not-found', [481, 484, 485]],
    ['unexpected-request', [491]],
    ['internal-server-error', [500, 503, 599]],
    ['remote-server-not-found', [502]],
    ['redirect', [300, 302, 305]],
  ]
  for (const [condition, statuses] of rows)
    for (const status of statuses) assert.equal(conditionOfStatus(status), condition, String(status))
})

test('what an XMPP stranger may not learn: whether an account exists (RFC 6121 §8.5.1)', () => {
  for (const status of [404, 604]) assert.equal(conditionOfStatus(status), 'service-unavailable')
})
