import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { RouteToken } from './route-token.ts'

const key = randomBytes(32)
const token = new RouteToken(key)

test('a token is valid for its dialog in both directions, on every replica with the key', () => {
  const issued = token.issue('call-1', 'contoso.example', 'fabrikam.example')
  assert.equal(new RouteToken(key).isValid(issued, 'call-1', 'fabrikam.example', 'contoso.example'), true)
})

test('a token is worth nothing for another dialog, another domain, another key, or cut short', () => {
  const issued = token.issue('call-1', 'contoso.example', 'fabrikam.example')
  assert.equal(token.isValid(issued, 'call-2', 'contoso.example', 'fabrikam.example'), false)
  assert.equal(token.isValid(issued, 'call-1', 'contoso.example', 'woodgrove.example'), false)
  assert.equal(new RouteToken(randomBytes(32)).isValid(issued, 'call-1', 'contoso.example', 'fabrikam.example'), false)
  for (let cut = 0; cut < issued.length - 1; cut++) {
    assert.equal(token.isValid(issued.slice(0, cut), 'call-1', 'contoso.example', 'fabrikam.example'), false)
  }
  assert.equal(token.isValid('', 'call-1', 'contoso.example', 'fabrikam.example'), false)
})
