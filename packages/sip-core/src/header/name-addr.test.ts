import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeHeaderText, encodeHeaderText } from '../text/header-text.ts'
import { parseNameAddr } from './name-addr.ts'

function parts(text: string): unknown {
  const address = parseNameAddr(text)
  return address === undefined ? undefined : [address.displayName, address.uri, Object.fromEntries(address.params), address.tag]
}

const GOOD: readonly (readonly [text: string, expected: unknown])[] = [
  ['sip:a@example.org', [undefined, 'sip:a@example.org', {}, undefined]],
  ['sip:a@example.org;tag=1', [undefined, 'sip:a@example.org', { tag: '1' }, '1']],
  ['<sip:a@example.org;lr>;tag=1;x', [undefined, 'sip:a@example.org;lr', { tag: '1', x: undefined }, '1']],
  ['"A, \\"B\\"" <sip:a@example.org>', ['A, "B"', 'sip:a@example.org', {}, undefined]],
  ['A. B  <sip:a@example.org>', ['A. B', 'sip:a@example.org', {}, undefined]],
  ['a<sip:a@example.org> ; TAG = "q;q" ', ['a', 'sip:a@example.org', { tag: 'q;q' }, 'q;q']],
  ['<tel:+15550100;ext=1>', [undefined, 'tel:+15550100;ext=1', {}, undefined]],
  ['nobodyKnowsThis:x', [undefined, 'nobodyKnowsThis:x', {}, undefined]],
  [
    '<sip:a@[2001:db8::1]>;+sip.instance="<urn:uuid:1>"',
    [undefined, 'sip:a@[2001:db8::1]', { '+sip.instance': '<urn:uuid:1>' }, undefined],
  ],
]

for (const [text, expected] of GOOD) {
  test(`${text} is an address (RFC 3261 §20.10)`, () => {
    assert.deepEqual(parts(text), expected)
  })
}

for (const text of [
  '',
  ' ',
  'a',
  '<>',
  '<a>',
  '"A" sip:a@example.org',
  '"A <sip:a@example.org>',
  '"A\\" <sip:a@example.org>',
  'A, B <sip:a@example.org>',
  '< sip:a@example.org >',
  '<sip:a@example.org',
  'sip:a@example.org?subject=x',
  'sip:a@example.org, sip:b@example.org',
  '<sip:a@example.org>x',
  '<sip:a@example.org>;',
  '<sip:a@example.org>;;tag=1',
  '<sip:a@example.org>;tag=',
  '<sip:a@example.org>;tag="1',
  '<sip:a@example.org><sip:b@example.org>',
]) {
  test(`${JSON.stringify(text)} is no address`, () => {
    assert.equal(parseNameAddr(text), undefined)
  })
}

test('a display name in UTF-8 keeps its bytes and reads back', () => {
  const address = parseNameAddr(encodeHeaderText('"Zoë 三" <sip:a@example.org>'))
  assert.equal(decodeHeaderText(address?.displayName ?? ''), 'Zoë 三')
  assert.equal(decodeHeaderText(parseNameAddr(encodeHeaderText('Zoë <sip:a@example.org>'))?.displayName ?? ''), 'Zoë')
})

test('any display name survives quoting', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ -~]{0,20}$/), (name) => {
      const quoted = `"${name.replace(/["\\]/g, '\\$&')}" <sip:a@example.org>;tag=1`
      assert.deepEqual([parseNameAddr(quoted)?.displayName, parseNameAddr(quoted)?.tag], [name, '1'])
    }),
  )
})

test('any text gives a value', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => parseNameAddr(text)?.uri !== ''))
})
