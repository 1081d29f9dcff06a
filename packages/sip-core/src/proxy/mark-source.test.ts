import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleRequest } from '../testing/sample-messages.ts'
import { markSource } from './mark-source.ts'

function marked(via: string, address: string, port = 40_000): string {
  const request = sampleRequest('MESSAGE', { via })
  markSource(request, address, port)
  return request.headers.values('via').join(' | ')
}

test('RFC 3261 §18.2.1: received is added when sent-by is a name or another address, and only then', () => {
  assert.equal(marked('SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK1', '192.0.2.1'), 'SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK1')
  assert.equal(
    marked('SIP/2.0/TLS a.example.org;branch=z9hG4bK1', '192.0.2.1'),
    'SIP/2.0/TLS a.example.org;branch=z9hG4bK1;received=192.0.2.1',
  )
  assert.equal(
    marked('SIP/2.0/TLS [2001:db8::1];branch=z9hG4bK1', '2001:db8::2'),
    'SIP/2.0/TLS [2001:db8::1];branch=z9hG4bK1;received=[2001:db8::2]',
  )
})

test('RFC 3581 §4: rport is filled in where it was asked for, with received whatever sent-by says', () => {
  assert.equal(
    marked('SIP/2.0/TLS 192.0.2.1;rport;branch=z9hG4bK1', '192.0.2.1'),
    'SIP/2.0/TLS 192.0.2.1;branch=z9hG4bK1;rport=40000;received=192.0.2.1',
  )
})

test('a received that the sender wrote himself is replaced; Vias further down are left alone', () => {
  assert.equal(
    marked('SIP/2.0/TLS a.example.org;branch=z9hG4bK1;Received=10.9.9.9, SIP/2.0/TLS b.example.org;branch=z9hG4bK2', '192.0.2.1'),
    'SIP/2.0/TLS a.example.org;branch=z9hG4bK1;received=192.0.2.1 | SIP/2.0/TLS b.example.org;branch=z9hG4bK2',
  )
})
