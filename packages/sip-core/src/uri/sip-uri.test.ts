import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isIpv6Text } from './ip-address.ts'
import { parseSipUri } from './sip-uri.ts'

function parts(text: string): unknown {
  const uri = parseSipUri(text)
  if (uri === undefined) return undefined
  const { scheme, user, password, host, port, headers } = uri
  return [scheme, user, password, host, port, Object.fromEntries(uri.params), headers]
}

const GOOD: readonly (readonly [text: string, expected: unknown])[] = [
  ['sip:bob@Fabrikam.Example', ['sip', 'bob', undefined, 'fabrikam.example', undefined, {}, undefined]],
  ['SIPS:bob:pw@fabrikam.example:5061', ['sips', 'bob', 'pw', 'fabrikam.example', 5061, {}, undefined]],
  [
    'sip:fabrikam.example;transport=tls;lr',
    ['sip', undefined, undefined, 'fabrikam.example', undefined, { transport: 'tls', lr: undefined }, undefined],
  ],
  ['sip:a;par=u%40example.net@example.org', ['sip', 'a;par=u@example.net', undefined, 'example.org', undefined, {}, undefined]],
  ['sip:%75se%72@example.org', ['sip', 'user', undefined, 'example.org', undefined, {}, undefined]],
  [
    'sip:a@example.org;%6C%72;n%61me=v%61lue',
    ['sip', 'a', undefined, 'example.org', undefined, { lr: undefined, name: 'value' }, undefined],
  ],
  ['sip:a@example.org;lr;LR=1', ['sip', 'a', undefined, 'example.org', undefined, { lr: undefined }, undefined]],
  ['sip:a@example.org?subject=x&to=y', ['sip', 'a', undefined, 'example.org', undefined, {}, 'subject=x&to=y']],
  ['sip:[2001:DB8::9]:5070;lr', ['sip', undefined, undefined, '2001:db8::9', 5070, { lr: undefined }, undefined]],
  [
    'sip:pool_1.example.org;ms-route-sig=aB+/c==',
    ['sip', undefined, undefined, 'pool_1.example.org', undefined, { 'ms-route-sig': 'aB+/c==' }, undefined],
  ],
  [
    'sip:a@example.org;opaque=user:epid:Zm9v;gruu',
    ['sip', 'a', undefined, 'example.org', undefined, { opaque: 'user:epid:Zm9v', gruu: undefined }, undefined],
  ],
]

for (const [text, expected] of GOOD) {
  test(`${text} is well formed (RFC 3261 §19.1.1)`, () => {
    assert.deepEqual(parts(text), expected)
  })
}

for (const text of [
  '',
  'sip',
  'sip:',
  'sip:@example.org',
  'sip:a@',
  'sip:a@b@example.org',
  'sip:a b@example.org',
  'sip:a@example.org:',
  'sip:a@example.org:0',
  'sip:a@example.org:65536',
  'sip:a@example.org:5x',
  'sip:a@example.org;',
  'sip:a@example.org;;lr',
  'sip:a@example.org;=x',
  'sip:a@[2001:db8:::1]',
  'sip:a@[2001:db8::1',
  'sip:2001:db8::1',
  'sip:a%4@example.org',
  'sip:a%zz@example.org',
  'sip:a@example.org\r\nVia: x',
  'sip:<a@example.org>',
  'tel:+15550100',
  'sipx:a@example.org',
]) {
  test(`${JSON.stringify(text)} is no well-formed SIP URI`, () => {
    assert.equal(parseSipUri(text), undefined)
  })
}

test('every IPv6 address is taken in brackets', () => {
  fc.assert(fc.property(fc.ipV6(), (address) => isIpv6Text(address) && parseSipUri(`sip:a@[${address}]`)?.isIpv6 === true))
  for (const text of ['', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', '::1.2.3', '::1.2.3.256', '1.2.3.4::']) {
    assert.equal(isIpv6Text(text), false, text)
  }
})

test('parsing any text gives a value, and an escaped user survives', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => parseSipUri(`sip:${text}`) === undefined || text.length > 0))
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (bytes) => {
      const escaped = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
      assert.equal(parseSipUri(`sip:${escaped}@example.org`)?.user, String.fromCharCode(...bytes))
    }),
  )
})
