import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SecureDns } from '@gatehouse/bridge-kit'
import { type DaneVerdict, daneOfDomain, daneOfTarget, verdictOn } from './dane.ts'

const shown = { fingerprint: 'aa11', spkiPin: Buffer.from('bb22', 'hex').toString('base64') }
const record = { usage: 3, selector: 1, matching: 1, dataHex: 'bb22' }
const target = { host: 'xmpp.example.org', port: 5269, tls: 'starttls' } as const
const secure = <T>(...records: T[]) => ({ status: 'secure', records }) as const
const nothing = (status: 'insecure' | 'none' | 'failed') => ({ status, detail: '' }) as const

const ROWS: readonly (readonly [why: string, answer: Parameters<typeof verdictOn>[0], verdict: DaneVerdict])[] = [
  ['the key', secure(record), 'match'],
  ['the certificate', secure({ ...record, selector: 0, dataHex: 'aa11' }), 'match'],
  ['one of several', secure({ ...record, dataHex: '00' }, record), 'match'],
  ['another key', secure({ ...record, dataHex: '00' }), 'mismatch'],
  ['an empty digest', secure({ ...record, dataHex: '' }), 'mismatch'],
  ['a usage that we do not know', secure({ ...record, usage: 2 }), 'nothing'],
  ['a digest that we do not know', secure({ ...record, matching: 2 }), 'nothing'],
  ['a record that nobody signed', nothing('insecure'), 'nothing'],
  ['no record', nothing('none'), 'nothing'],
  ['a lookup that failed is no absent record', nothing('failed'), 'mismatch'],
]
for (const [why, answer, verdict] of ROWS) test(`DANE: ${why}`, () => assert.equal(verdictOn(answer, shown), verdict))

function dnsWith(srv: Awaited<ReturnType<SecureDns['srv']>>): SecureDns {
  return { srv: () => Promise.resolve(srv), tlsa: () => Promise.resolve(secure(record)) }
}

test('DANE: the way to the server has to be signed as well (RFC 7673 §3)', async () => {
  const records = secure({ host: target.host, port: 5269, priority: 0, weight: 0 })
  assert.equal(await daneOfTarget(dnsWith(records), 'example.org', target, shown), 'match')
  assert.equal(await daneOfTarget(dnsWith(nothing('insecure')), 'example.org', target, shown), 'nothing')
  assert.equal(await daneOfTarget(dnsWith(nothing('failed')), 'example.org', target, shown), 'mismatch')
  assert.equal(await daneOfTarget(dnsWith(records), 'example.org', { ...target, port: 1 }, shown), 'mismatch')
  assert.equal(await daneOfDomain(dnsWith(records), 'example.org', shown), 'match')
  assert.equal(await daneOfDomain(dnsWith(nothing('insecure')), 'example.org', shown), 'nothing')
})
