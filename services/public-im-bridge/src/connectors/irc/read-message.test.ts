import assert from 'node:assert/strict'
import { it } from 'node:test'
import { accountId } from '@gatehouse/bridge-kit'
import type { IrcMessageEvent } from '@gatehouse/irc-core'
import { type IrcConfig, ircConfig } from './config.ts'
import { ircAddressing } from './people.ts'
import { readMessage, readTyping } from './read-message.ts'

const DOMAIN = 'irc.contoso.example'
const addressing = ircAddressing(DOMAIN)
const ingress = {
  account: accountId('a1'),
  owner: { user: 'carol', domain: 'contoso.example' },
  source: { remote: '', server: 'irc.example.net' },
}
const spoken: IrcMessageEvent = {
  kind: 'message',
  nick: 'Bob',
  userHost: 'b@host',
  account: 'bobacc',
  text: 'hello',
  isAction: false,
  isNotice: false,
  msgid: 'm1',
  serverTimeMs: undefined,
  isHistory: false,
  isRelayed: false,
  isBot: false,
}

function config(settings: Partial<IrcConfig> = {}): IrcConfig {
  return { ...ircConfig.parse({ host: 'irc.example.net', domain: DOMAIN }), ...settings }
}

const MARKS: readonly (readonly [
  why: string,
  event: Partial<IrcMessageEvent>,
  settings: Partial<IrcConfig>,
  user: string,
  evidence: string,
])[] = [
  ['an account', {}, {}, 'bobacc', 'V1 services-account'],
  ['an account of a network that vouches', {}, { accountEvidence: 'V2' }, 'bobacc', 'V2 services-account'],
  ['a bare nick', { account: undefined }, {}, '~bob', 'V0 nick'],
  ['an account where nicks are all that counts', {}, { ownership: 'trust-nick' }, '~bob', 'V0 nick'],
  ['a relay that names an account', { isRelayed: true }, {}, '~bob', 'V0 relay'],
]

for (const [why, event, settings, user, evidence] of MARKS) {
  it(`${why} is ${user}, ${evidence}`, () => {
    const incoming = readMessage({ ...spoken, ...event }, ingress, addressing, config(settings))
    assert.deepEqual([incoming?.from, `${incoming?.evidence.class} ${incoming?.evidence.by}`], [{ user, domain: DOMAIN }, evidence])
    assert.deepEqual(incoming?.to, ingress.owner)
  })
}

it('a nick that looks like somebody is somebody else, and nobody vouches for it', () => {
  const known = readMessage(spoken, ingress, addressing, config())
  for (const nick of ['Bobacc', 'b0bacc', 'bobacc_', 'boba\u0441\u0441', '\uff42obacc']) {
    const incoming = readMessage({ ...spoken, nick, account: undefined }, ingress, addressing, config())
    assert.notDeepEqual(incoming?.from, known?.from, nick)
    if (incoming !== undefined) assert.deepEqual([incoming.from.user.startsWith('~'), incoming.evidence.class], [true, 'V0'], nick)
  }
})

it('reads actions, notices and typing', () => {
  const action = readMessage({ ...spoken, isAction: true, text: 'waves' }, ingress, addressing, config())
  assert.ok(action?.content.kind === 'message' && action.content.text === '/me waves')
  assert.equal(readMessage({ ...spoken, isNotice: true }, ingress, addressing, config())?.method, 'NOTICE')
  assert.deepEqual(readTyping({ nick: 'Bob', account: undefined, state: 'done' }, ingress, addressing, config())?.content, {
    kind: 'typing',
    state: 'active',
  })
})

it('takes in nobody whom it could not name', () => {
  assert.equal(readMessage({ ...spoken, account: undefined, nick: 'al/discord' }, ingress, addressing, config()), undefined)
})
