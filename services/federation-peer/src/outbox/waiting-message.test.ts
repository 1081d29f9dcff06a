import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerIdentity } from '@gatehouse/im-model'
import { createRequest, encodeMessage } from '@gatehouse/sip-core'
import fc from 'fast-check'
import { decodeWaiting, encodeWaiting, type WaitingRequest } from './waiting-message.ts'

const peer: PeerIdentity = {
  isAuthenticated: true,
  refusal: undefined,
  names: { dns: ['home.contoso.example'], sipDomains: [], commonName: undefined },
  anchors: ['inside'],
  mayBeTlsClient: true,
  fingerprint: 'ab',
  spkiPin: '',
  issuer: '',
  serial: '1',
  notAfterMs: 1,
}

function waiting(body: Uint8Array): WaitingRequest {
  const headers = [
    ['From', '<sip:alice@contoso.example>;tag=1'],
    ['To', '<sip:bob@fabrikam.example>'],
    ['Call-ID', 'c'],
    ['CSeq', '1 MESSAGE'],
  ] as const
  return {
    kind: 'request',
    request: createRequest('MESSAGE', 'sip:bob@fabrikam.example', headers, body),
    side: 'internal',
    peer,
    remote: { address: '127.0.0.1', port: 5061 },
    bound: { peerClass: 'inside', partner: 'home.contoso.example' },
    envelopeId: Buffer.alloc(16, 7),
    trace: { traceId: '1'.repeat(32), spanId: '2'.repeat(16), isSampled: true },
  }
}

test('a request comes back as it was laid down, whatever its bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
      const before = waiting(body)
      const after = decodeWaiting(encodeWaiting(before))
      assert.ok(after?.kind === 'request')
      assert.deepEqual(Buffer.from(encodeMessage(after.request)), Buffer.from(encodeMessage(before.request)))
      assert.deepEqual(JSON.parse(JSON.stringify(after.peer)), JSON.parse(JSON.stringify(peer)))
      assert.deepEqual(
        [after.side, after.bound, after.remote, [...(after.envelopeId ?? [])], after.trace],
        [before.side, before.bound, before.remote, [...(before.envelopeId ?? [])], before.trace],
      )
    }),
  )
})

test('bytes cut short or changed are no message, or another one; nothing is thrown', () => {
  const good = encodeWaiting(waiting(Buffer.from('hello')))
  for (let cut = 0; cut < good.length; cut++) assert.equal(decodeWaiting(good.subarray(0, cut)), undefined, String(cut))
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
      const bad = Uint8Array.from(good)
      bad[at] = value
      decodeWaiting(bad)
    }),
  )
})
