import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorsOf } from '@gatehouse/errors'
import { status } from '@grpc/grpc-js'
import { statusOf } from './status-mapping.ts'

const error = errorsOf({
  'GH-TEST-ROLE': { summary: 'Not this caller.', remedy: 'List it.', retry: 'never', refusesCaller: true },
  'GH-TEST-STATE': { summary: 'Not now.', remedy: 'None.', retry: 'never' },
  'GH-TEST-AWAY': { summary: 'Away.', remedy: 'Wait.', retry: 'later' },
})

test('a caller who may not is told PERMISSION_DENIED, with code and remedy; other failures by whether trying again helps', () => {
  const refused = statusOf(error('GH-TEST-ROLE', 'x is not listed.'))
  assert.equal(refused.code, status.PERMISSION_DENIED)
  assert.equal(refused.metadata.get('gatehouse-code')[0], 'GH-TEST-ROLE')
  assert.equal(String(refused.metadata.get('gatehouse-remedy-bin')[0]), 'List it.')
  assert.equal(statusOf(error('GH-TEST-STATE')).code, status.FAILED_PRECONDITION)
  assert.equal(statusOf(error('GH-TEST-AWAY')).code, status.UNAVAILABLE)
})
