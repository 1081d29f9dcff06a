import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressKey, isSameOrSubdomain, normaliseDomain, parseAddress } from './address.ts'

test('domains are compared without case or trailing dot, and nothing but a host name is one', () => {
  assert.equal(normaliseDomain('Contoso.Example.'), 'contoso.example')
  for (const text of [
    '',
    '.',
    'a..b',
    '-a.example',
    'a-.example',
    'a b.example',
    'é.example',
    `${'a'.repeat(64)}.example`,
    'a.'.repeat(128),
  ]) {
    assert.equal(normaliseDomain(text), undefined, JSON.stringify(text))
  }
})

test('an address needs both halves; the last @ parts them', () => {
  assert.deepEqual(parseAddress('Alice@Contoso.Example'), { user: 'Alice', domain: 'contoso.example' })
  assert.deepEqual(parseAddress('a@b@contoso.example'), { user: 'a@b', domain: 'contoso.example' })
  for (const text of ['', '@', 'alice', 'alice@', '@contoso.example', `${'a'.repeat(2000)}@contoso.example`]) {
    assert.equal(parseAddress(text), undefined, JSON.stringify(text))
  }
  assert.equal(addressKey('Alice', 'contoso.example'), 'alice@contoso.example')
})

test('a subdomain ends on a label boundary', () => {
  assert.equal(isSameOrSubdomain('it.contoso.example', 'contoso.example'), true)
  assert.equal(isSameOrSubdomain('contoso.example', 'contoso.example'), true)
  assert.equal(isSameOrSubdomain('notcontoso.example', 'contoso.example'), false)
  assert.equal(isSameOrSubdomain('example', 'contoso.example'), false)
})
