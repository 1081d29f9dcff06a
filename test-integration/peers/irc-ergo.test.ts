import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { accountId, type Incoming, type LinkedAccount, networkAddress } from '@gatehouse/bridge-kit'
import { createTestContext, type Far, runConnectorConformance, type TestContext } from '@gatehouse/bridge-kit/test'
import type { PresenceEvent } from '@gatehouse/im-model'
import { Authority } from '@gatehouse/lab'
import { startErgo } from '../peers-kit/ergo.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import type { RunningIrcNetwork } from '../peers-kit/inspircd.ts'
import { IRC_DOMAIN, type IrcConnector, openIrcConnector, presenceTo } from '../peers-kit/irc-connector.ts'
import { IrcPerson } from '../peers-kit/irc-person.ts'
import { plainWires } from '../peers-kit/plain-wires.ts'

const user = { user: 'alice', domain: 'contoso.example' }
const PASSWORD = 'pass-word'
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-ergo-'))
const authority = Authority.create({ name: 'IRC test' })
let names = 0

const freshNick = (word: string): string => `${word}${++names}`

interface Meeting {
  readonly connector: IrcConnector
  readonly context: TestContext
  readonly linked: LinkedAccount
  readonly person: IrcPerson
}

/** An account of ours that stays on the network while its client is away, and somebody with an account of their own. */
async function meet(network: RunningIrcNetwork, context: TestContext, settings: Record<string, string> = {}): Promise<Meeting> {
  const login = freshNick('gate')
  const owner = await IrcPerson.join(network, authority.certPem, login)
  await owner.register(PASSWORD)
  owner.leave()
  const person = await IrcPerson.join(network, authority.certPem, freshNick('bob'))
  await person.register(PASSWORD)
  const linked: LinkedAccount = {
    id: accountId(`account-${login}`),
    owner: user,
    login,
    secret: () => PASSWORD,
    settings: { nick: login, ...settings },
  }
  const connector = await openIrcConnector(network, context, {})
  const report = await connector.connectAccount(linked)
  assert.equal(report.state, 'connected', `${report.code} ${report.detail}`)
  return { connector, context, linked, person }
}

const textsOf = (received: readonly Incoming[]): string[] =>
  received.flatMap(({ content }) => (content.kind === 'message' ? [content.text] : []))

describe('IRC with a memory: Ergo', { skip: skipWithout('ergo') }, () => {
  let network: RunningIrcNetwork
  const newContext = (): TestContext => createTestContext({ wires: plainWires(authority.certPem) })
  before(async () => {
    network = await startErgo(join(folder, 'ergo'), authority)
  })
  after(async () => await network?.stop())

  runConnectorConformance({
    name: 'irc, Ergo',
    open: async (context) => {
      const made = context({ wires: plainWires(authority.certPem) })
      const { connector, linked, person } = await meet(network, made)
      const far: Far = {
        say: async (text) => person.write(`PRIVMSG ${linked.login} :${text}`),
        whenRead: (count) => person.whenHeard(count),
        goAway: () => connector.disconnectAccount(linked.id),
        comeBack: async () => assert.equal((await connector.connectAccount(linked)).state, 'connected'),
      }
      return {
        connector,
        context: made,
        far,
        user,
        stranger: { user: person.nick, domain: IRC_DOMAIN },
        account: linked.id,
        people: ['alice', '~alice', '~al^ce'].map(networkAddress),
        close: async () => person.leave(),
      }
    },
  })

  test('what was said while the account was away comes when it is back: all of it, in order, each with its id, over several pages', async () => {
    const { connector, context, linked, person } = await meet(network, newContext())
    person.write(`PRIVMSG ${linked.login} :before`)
    await context.whenReceived(({ content }) => content.kind === 'message' && content.text === 'before')
    await connector.disconnectAccount(linked.id)
    // the server gives 20 lines at once
    const missed = Array.from({ length: 47 }, (_, at) => `missed ${at}`)
    for (const text of missed) person.write(`PRIVMSG ${linked.login} :${text}`)
    const reader = await IrcPerson.join(network, authority.certPem, freshNick('other'))
    person.write(`PRIVMSG ${reader.nick} :flushed`)
    await reader.whenHeard(1)
    assert.deepEqual(textsOf(context.received), ['before'])
    assert.equal((await connector.connectAccount(linked)).state, 'connected')
    await context.whenReceived(({ content }) => content.kind === 'message' && content.text === 'missed 46')
    // the end of what it knew before comes once more, under the same id: the core takes it once
    const ids = new Map<string, string>()
    for (const { content, remoteId } of context.received) {
      if (content.kind !== 'message') continue
      assert.ok(remoteId !== '')
      ids.set(remoteId, content.text)
    }
    assert.deepEqual([...ids.values()], ['before', ...missed])
    person.write(`PRIVMSG ${linked.login} :after`)
    await context.whenReceived(({ content }) => content.kind === 'message' && content.text === 'after')
    await connector.stop(0)
    for (const one of [person, reader]) one.leave()
  })

  test('the network tells who is away, and is told when the user is', async () => {
    const { connector, context, linked, person } = await meet(network, newContext(), { away: 'shown' })
    const seen = (fits: (presence: PresenceEvent) => boolean): Promise<Incoming> =>
      context.whenReceived(({ from, content }) => from.user === person.nick && content.kind === 'presence' && fits(content))
    const tell = (presence: Omit<PresenceEvent, 'kind'>) => presenceTo(connector, linked, person.nick, presence)
    assert.equal((await tell({ type: 'subscribe' })).status, 'sent')
    await seen(({ type, show }) => type === 'available' && show === undefined)
    await seen(({ type }) => type === 'subscribe')
    person.write('AWAY :gone fishing')
    await seen(({ show, note }) => show === 'away' && note === 'gone fishing')
    const before = context.received.length
    person.write('AWAY')
    const back = await seen((presence) => context.received.length > before && presence.show === undefined && presence.type === 'available')
    assert.equal(back.evidence.by, 'services-account')
    await tell({ type: 'available', show: 'dnd', note: 'not for the network' })
    await whenWhois(person, linked.login, (line) => line.includes(' 301 ') && line.includes('disturbed'))
    await tell({ type: 'available' })
    await whenWhois(person, linked.login, (line) => line.includes(' 318 '), / 301 /)
    await tell({ type: 'unavailable' })
    await connector.disconnectAccount(linked.id)
    assert.equal((await connector.connectAccount(linked)).state, 'connected')
    await whenWhois(person, linked.login, (line) => line.includes(' 301 ') && line.includes('Not online'))
    assert.ok(!person.lines.some((line) => line.includes('not for the network')))
    await connector.stop(0)
    person.leave()
  })
})

/** Asks until an answer fits, and holds no line that must not be in it. */
async function whenWhois(person: IrcPerson, nick: string, fits: (line: string) => boolean, unwanted?: RegExp): Promise<void> {
  for (const deadlineMs = performance.now() + 10_000; performance.now() < deadlineMs; ) {
    const from = person.lines.length
    person.write(`WHOIS ${nick}`)
    await person.when((line) => person.lines.lastIndexOf(line) >= from && line.includes(' 318 '))
    const answer = person.lines.slice(from)
    if (answer.some(fits) && (unwanted === undefined || !answer.some((line) => unwanted.test(line)))) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.fail(`WHOIS of ${nick}: ${person.lines.slice(-12).join('\n')}`)
}

after(() => rmSync(folder, { recursive: true, force: true }))
