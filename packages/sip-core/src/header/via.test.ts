import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseCSeq } from './cseq.ts'
import { parseMediaType } from './media-type.ts'
import { parseVia } from './via.ts'

function parts(text: string): unknown {
  const via = parseVia(text)
  return via === undefined ? undefined : [via.transport, via.host, via.port, via.branch, via.received, via.rport]
}

const VIAS: readonly (readonly [text: string, expected: unknown])[] = [
  ['SIP/2.0/TLS Edge.Example.org:5061;branch=z9hG4bK1', ['TLS', 'edge.example.org', 5061, 'z9hG4bK1', undefined, undefined]],
  ['sip / 2.0 / tcp  a.example ;rport; branch = x', ['TCP', 'a.example', undefined, 'x', undefined, true]],
  ['SIP/2.0/UNKNOWN [2001:db8::1]:1;rport=99;received=192.0.2.1', ['UNKNOWN', '2001:db8::1', 1, undefined, '192.0.2.1', 99]],
  ['SIP/2.0/TLS 192.0.2.1;branch="q"', ['TLS', '192.0.2.1', undefined, 'q', undefined, undefined]],
  [
    'SIP/2.0/TLS a;branched=FALSE;ms-received-cid=3AFDE300;ms-internal-info="a,b;c"',
    ['TLS', 'a', undefined, undefined, undefined, undefined],
  ],
  ['', undefined],
  ['SIP/2.0/TLS', undefined],
  ['SIP/2.0/TLS ', undefined],
  ['SIP/2.0/TLSa.example', undefined],
  ['SIP/3.0/TLS a.example', undefined],
  ['HTTP/2.0/TLS a.example', undefined],
  ['SIP/2.0/ a.example', undefined],
  ['SIP/2.0/TLS a.example:', undefined],
  ['SIP/2.0/TLS a.example:99999', undefined],
  ['SIP/2.0/TLS a.example;;', undefined],
  ['SIP/2.0/TLS a.example;branch=', undefined],
  ['SIP/2.0/TLS a.example b', undefined],
  ['SIP/2.0/TLS [::1', undefined],
  ['SIP/2.0/TLS a.example, SIP/2.0/TLS b.example', undefined],
]

for (const [text, expected] of VIAS) {
  test(`Via ${JSON.stringify(text)} (RFC 3261 §20.42)`, () => {
    assert.deepEqual(parts(text), expected)
  })
}

const CSEQS: readonly (readonly [text: string, expected: unknown])[] = [
  ['1 MESSAGE', { number: 1, method: 'MESSAGE' }],
  ['0009  INVITE', { number: 9, method: 'INVITE' }],
  ['2147483647 a', { number: 2147483647, method: 'a' }],
  ['2147483648 a', undefined],
  ['99999999999999999999 a', undefined],
  ['1', undefined],
  ['1MESSAGE', undefined],
  ['-1 MESSAGE', undefined],
  ['1 MES SAGE', undefined],
  ['MESSAGE 1', undefined],
]

for (const [text, expected] of CSEQS) {
  test(`CSeq ${JSON.stringify(text)} (RFC 3261 §8.1.1.5)`, () => {
    assert.deepEqual(parseCSeq(text), expected)
  })
}

const TYPES: readonly (readonly [text: string, expected: unknown])[] = [
  ['Text/Plain', ['text', 'plain', {}]],
  ['text / plain ; charset=UTF-8;msgr=WABNTVM=', ['text', 'plain', { charset: 'UTF-8', msgr: 'WABNTVM=' }]],
  ['multipart/mixed;boundary="a;b"', ['multipart', 'mixed', { boundary: 'a;b' }]],
  ['application/pidf+xml', ['application', 'pidf+xml', {}]],
  ['text', undefined],
  ['text/', undefined],
  ['/plain', undefined],
  ['text/plain;', undefined],
  ['text/plain, text/html', undefined],
]

for (const [text, expected] of TYPES) {
  test(`media type ${JSON.stringify(text)} (RFC 3261 §20.15)`, () => {
    const type = parseMediaType(text)
    assert.deepEqual(type && [type.type, type.subtype, Object.fromEntries(type.params)], expected)
  })
}

test('any text gives a value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.notEqual(parseVia(`SIP/2.0/TLS ${text}`)?.host, '')
      assert.notEqual(parseCSeq(text)?.method, '')
      assert.notEqual(parseMediaType(text)?.subtype, '')
    }),
  )
})
