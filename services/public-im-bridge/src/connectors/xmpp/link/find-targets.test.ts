import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SrvAnswer } from '@gatehouse/bridge-kit'
import { findTargets } from './find-targets.ts'

const NONE: SrvAnswer = { status: 'none', detail: 'nothing' }
const found = (...targets: [host: string, port: number, priority: number][]): SrvAnswer => ({
  status: 'found',
  targets: targets.map(([host, port, priority]) => ({ host, port, priority, weight: 0 })),
})

async function targets(direct: SrvAnswer, plain: SrvAnswer): Promise<unknown> {
  const answer = await findTargets(
    { srv: (name) => Promise.resolve(name.startsWith('_xmpps-server._tcp.') ? direct : plain) },
    'example.org',
  )
  return answer.ok ? answer.targets.map(({ host, port, tls }) => `${host}:${port} ${tls}`) : answer.code
}

test('both kinds of records are one list by priority, direct TLS first among equals (XEP-0368 §3)', async () => {
  assert.deepEqual(
    await targets(found(['a.example', 5270, 5], ['b.example', 5270, 20]), found(['c.example', 5269, 5], ['d.example', 5269, 1])),
    ['d.example:5269 starttls', 'a.example:5270 direct', 'c.example:5269 starttls', 'b.example:5270 direct'],
  )
})

test('without records the domain itself (RFC 6120 §3.2.2)', async () => {
  assert.deepEqual(await targets(NONE, NONE), ['example.org:5269 starttls'])
})

test('a lookup that failed is no absent record: nothing weaker is tried', async () => {
  const failed: SrvAnswer = { status: 'failed', detail: 'ESERVFAIL' }
  assert.equal(await targets(failed, found(['c.example', 5269, 5])), 'GH-XMPP-DNS')
  assert.equal(await targets(found(['a.example', 5270, 5]), failed), 'GH-XMPP-DNS')
})

test('a target of "." says that there is no such service (RFC 2782)', async () => {
  assert.equal(await targets(NONE, found(['.', 0, 0])), 'GH-XMPP-NO-SERVER')
})
