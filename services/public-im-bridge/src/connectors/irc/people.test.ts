import assert from 'node:assert/strict'
import { it } from 'node:test'
import { networkAddress } from '@gatehouse/bridge-kit'
import { ircAddressing, networkName, personOf } from './people.ts'

const addressing = ircAddressing('irc.contoso.example')

it('keeps an account apart from whoever has its nick', () => {
  const account = networkName({ account: 'Alice' })
  const nick = networkName({ nick: 'Alice' })
  assert.ok(account !== undefined && nick !== undefined)
  assert.deepEqual(addressing.fromNetwork(account), { user: 'alice', domain: 'irc.contoso.example' })
  assert.deepEqual(addressing.fromNetwork(nick), { user: '~alice', domain: 'irc.contoso.example' })
  assert.deepEqual([personOf(account), personOf(nick)], [{ account: 'alice' }, { nick: 'alice' }])
})

it('knows nobody behind what would be a channel, a list, a mask, a relay or no word', () => {
  for (const text of [
    '',
    '~',
    '~~a',
    '#room',
    '&room',
    '@#room',
    '+voice',
    'a,b',
    'a*',
    'a!b',
    'a b',
    'al/discord',
    '$$host',
    'x'.repeat(65),
    '\ud800',
  ]) {
    assert.equal(addressing.fromNetwork(networkAddress(text)), undefined, text)
    assert.equal(networkName({ nick: text.replace(/^~/, '') === '' ? '' : text }), undefined, text)
  }
  assert.equal(addressing.toNetwork({ user: 'alice', domain: 'elsewhere.example' }), undefined)
})
