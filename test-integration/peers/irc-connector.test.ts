import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { accountId, type LinkedAccount, networkAddress } from '@gatehouse/bridge-kit'
import { createTestContext, type Far, runConnectorConformance, type TestContext } from '@gatehouse/bridge-kit/test'
import type { DeliveryOutcome, PresenceEvent } from '@gatehouse/im-model'
import { Authority } from '@gatehouse/lab'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { type RunningIrcNetwork, startInspircd } from '../peers-kit/inspircd.ts'
import { IRC_DOMAIN, type IrcConnector, openIrcConnector, presenceTo } from '../peers-kit/irc-connector.ts'
import { IrcPerson } from '../peers-kit/irc-person.ts'
import { startNgircd } from '../peers-kit/ngircd.ts'
import { plainWires } from '../peers-kit/plain-wires.ts'

const user = { user: 'alice', domain: 'contoso.example' }
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-irc-'))
const authority = Authority.create({ name: 'IRC test' })
let names = 0

/** A nick that nobody has on a network that several tests share. */
function freshNick(word: string): string {
  return `${word}${++names}`
}

/** Everything that is open between two people of a test. */
interface Meeting {
  readonly connector: IrcConnector
  readonly context: TestContext
  readonly linked: LinkedAccount
  /** Nick of our account. */
  readonly nick: string
  readonly person: IrcPerson
}

const ACCOUNT = 'gatehouse'
const PASSWORD = 'pass-word'

/** Our account, once for a network with services. */
async function registerAccount(network: RunningIrcNetwork): Promise<void> {
  const owner = await IrcPerson.join(network, authority.certPem, ACCOUNT)
  await owner.register(PASSWORD)
  owner.leave()
}

async function meet(
  network: RunningIrcNetwork,
  context: TestContext,
  ownership: 'check' | 'trust-nick',
  more: Readonly<Record<string, string>> = {},
): Promise<Meeting> {
  const nick = freshNick('gate')
  const isChecked = ownership === 'check'
  const settings = { login: isChecked ? 'plain' : 'none', nick, ...more }
  const linked: LinkedAccount = { id: accountId(`account-${nick}`), owner: user, login: ACCOUNT, secret: () => PASSWORD, settings }
  const connector = await openIrcConnector(network, context, { ownership, askAwayMs: 100 })
  const [person, report] = await Promise.all([
    IrcPerson.join(network, authority.certPem, freshNick('bob')).then(async (joined) => {
      if (isChecked) await joined.register('bobpass')
      return joined
    }),
    connector.connectAccount(linked),
  ])
  assert.equal(report.state, 'connected', `${report.code} ${report.detail}`)
  return { connector, context, linked, nick, person }
}

function conformance(name: string, network: () => RunningIrcNetwork, ownership: 'check' | 'trust-nick'): void {
  runConnectorConformance({
    name,
    open: async (context) => {
      const made = context({ wires: plainWires(authority.certPem) })
      const { connector, linked, nick, person } = await meet(network(), made, ownership)
      const far: Far = {
        say: async (text) => person.write(`PRIVMSG ${nick} :${text}`),
        whenRead: (count) => person.whenHeard(count),
        goAway: () => connector.disconnectAccount(linked.id),
        comeBack: async () => assert.equal((await connector.connectAccount(linked)).state, 'connected'),
      }
      const stranger = { user: ownership === 'check' ? person.nick : `~${person.nick}`, domain: IRC_DOMAIN }
      return {
        connector,
        context: made,
        far,
        user,
        stranger,
        account: linked.id,
        people: ['alice', '~alice', '[bot]', 'al|away', '~al^ce'].map(networkAddress),
        close: async () => person.leave(),
      }
    },
  })
}

function say({ connector, linked }: Meeting, to: string, text: string): Promise<DeliveryOutcome> {
  return connector.send({
    envelope: {
      id: new Uint8Array(16),
      receivedAtMs: Date.now(),
      from: user,
      to: { user: to, domain: IRC_DOMAIN },
      conversation: 'c',
      content: { kind: 'message', messageId: '', text },
    },
    side: 'external',
    account: linked.id,
    mark: 'verified',
    evidence: 'V3',
    deadlineMs: Date.now() + 20_000,
  })
}

describe('IRC with accounts: InspIRCd and Atheme', { skip: skipWithout('inspircd', 'atheme-services') }, () => {
  let network: RunningIrcNetwork
  let meeting: Meeting
  before(async () => {
    network = await startInspircd(join(folder, 'inspircd'), authority)
    await registerAccount(network)
    meeting = await meet(network, createTestContext({ wires: plainWires(authority.certPem) }), 'check')
  })
  after(async () => {
    await meeting?.connector.stop(0)
    meeting?.person.leave()
    await network?.stop()
  })

  conformance('irc, InspIRCd', () => network, 'check')

  test('an account of the services is V1; what is meant for it never goes to somebody who took the nick', async () => {
    const { context, person, nick } = meeting
    person.write(`PRIVMSG ${nick} :it is me`)
    const known = await context.whenReceived(({ content }) => content.kind === 'message' && content.text === 'it is me')
    assert.deepEqual([known.from.user, known.evidence], [person.nick, { class: 'V1', by: 'services-account' }])
    const renamed = freshNick('away')
    person.write(`NICK ${renamed}`)
    await person.when((line) => line.includes(`NICK :${renamed}`))
    const impostor = await IrcPerson.join(network, authority.certPem, person.nick)
    impostor.write(`PRIVMSG ${nick} :it is me, really`)
    const forged = await context.whenReceived(({ content }) => content.kind === 'message' && content.text === 'it is me, really')
    assert.deepEqual([forged.from.user, forged.evidence], [`~${person.nick}`, { class: 'V0', by: 'nick' }])
    const outcome = await say(meeting, person.nick, 'the secret')
    assert.deepEqual([outcome.code, outcome.isCertain], ['GH-IRC-NOT-THEM', true])
    // the account is found again under the nick that it writes with
    person.write(`PRIVMSG ${nick} :still me`)
    await context.whenReceived(({ content }) => content.kind === 'message' && content.text === 'still me')
    assert.equal((await say(meeting, person.nick, 'for the account')).status, 'sent')
    await person.when((line) => line.includes(':for the account'))
    assert.deepEqual(impostor.heard(), [])
    impostor.leave()
  })

  test('a long text arrives whole, in pieces that fit', async () => {
    const reader = await IrcPerson.join(network, authority.certPem, freshNick('reader'))
    const text = 'Grüße '.repeat(400).trim()
    assert.equal((await say(meeting, `~${reader.nick}`, text)).status, 'sent')
    await reader.when(() => reader.heard().join(' ').length >= text.length)
    assert.equal(reader.heard().join(' '), text)
    reader.leave()
  })

  test('CTCP is not answered, colours are left out, actions are read', async () => {
    const { context, nick } = meeting
    const odd = await IrcPerson.join(network, authority.certPem, freshNick('odd'))
    odd.write(
      `PRIVMSG ${nick} :\x01VERSION\x01`,
      `PRIVMSG ${nick} :\x01DCC SEND evil.exe 1 2 3\x01`,
      `PRIVMSG ${nick} :\x0304red\x03 and \x02bold\x02`,
      `PRIVMSG ${nick} :\x01ACTION waves\x01`,
    )
    await context.whenReceived(({ content }) => content.kind === 'message' && content.text === '/me waves')
    const texts = context.received
      .filter(({ from }) => from.user === `~${odd.nick}`)
      .map(({ content }) => content.kind === 'message' && content.text)
    assert.deepEqual(texts, ['red and bold', '/me waves'])
    assert.deepEqual(odd.heard(), [])
    odd.leave()
  })

  test('says in words that a message was given up, and not to somebody who took the nick', async () => {
    const { connector, linked } = meeting
    const sender = await IrcPerson.join(network, authority.certPem, freshNick('sender'))
    const impostor = await IrcPerson.join(network, authority.certPem, freshNick('owned'))
    const tell = (to: string): Promise<DeliveryOutcome> =>
      connector.sendReceipt({
        envelope: {
          id: new Uint8Array(16),
          receivedAtMs: 0,
          from: user,
          to: { user: to, domain: IRC_DOMAIN },
          conversation: 'c',
          content: { kind: 'receipt', of: 'm', state: 'failed', code: 'GH-OUTBOX-EXPIRED', acceptedAtMs: 1_700_000_000_000 },
        },
        side: 'external',
        account: linked.id,
        mark: 'verified',
        evidence: 'V3',
        deadlineMs: Date.now() + 20_000,
      })
    assert.equal((await tell(`~${sender.nick}`)).status, 'sent')
    await sender.when((line) => /NOTICE .* :Your message of 2023-11-14 22:13 UTC to alice@contoso\.example was not delivered/.test(line))
    assert.equal((await tell(impostor.nick)).code, 'GH-IRC-NOT-THEM')
    assert.deepEqual(impostor.heard(), [])
    impostor.leave()
    sender.leave()
  })

  test('tells who comes and goes, and does not take whoever has the nick for the account', async () => {
    const { connector, context, linked } = meeting
    const ask = (to: string, type: 'subscribe' | 'unsubscribe') => presenceTo(connector, linked, to, { type })
    const seen = (of: string, type: string) =>
      context.whenReceived(({ from, content }) => from.user === of && content.kind === 'presence' && content.type === type)
    const nick = freshNick('comer')
    assert.equal((await ask(`~${nick}`, 'subscribe')).status, 'sent')
    await seen(`~${nick}`, 'subscribed')
    await seen(`~${nick}`, 'unavailable')
    const comer = await IrcPerson.join(network, authority.certPem, nick)
    const here = await seen(`~${nick}`, 'available')
    assert.deepEqual(here.evidence, { class: 'V0', by: 'nick' })
    // the account of that name is not there: somebody has its nick
    assert.equal((await ask(nick, 'subscribe')).status, 'sent')
    await seen(nick, 'subscribed')
    const gone = await seen(nick, 'unavailable')
    assert.equal(gone.evidence.by, 'services-account')
    assert.equal((await ask(`~${nick}`, 'unsubscribe')).status, 'sent')
    assert.equal((await ask(nick, 'unsubscribe')).status, 'sent')
    comer.leave()
  })

  test('tells who goes away and is back, by asking where the server does not say so, and says the same of the user where that is wished', async () => {
    const made = createTestContext({ wires: plainWires(authority.certPem) })
    const { connector, context, linked, nick, person } = await meet(network, made, 'check', { away: 'shown' })
    const seen = (fits: (presence: PresenceEvent) => boolean, after = 0) =>
      context.whenReceived((incoming) => {
        const { from, content } = incoming
        return from.user === person.nick && content.kind === 'presence' && fits(content) && context.received.indexOf(incoming) >= after
      })
    assert.equal((await presenceTo(connector, linked, person.nick, { type: 'subscribe' })).status, 'sent')
    await seen(({ type, show }) => type === 'available' && show === undefined)
    assert.deepEqual((await seen(({ type }) => type === 'subscribe')).to, user, 'the home system is asked how the user is')
    person.write('AWAY :gone fishing')
    await seen(({ show, note }) => show === 'away' && note === 'gone fishing')
    const before = context.received.length
    person.write('AWAY')
    await seen(({ type, show }) => type === 'available' && show === undefined, before)
    await presenceTo(connector, linked, person.nick, { type: 'available', show: 'away', note: 'only for friends' })
    // whoever writes to the user is told by the server
    person.write(`PRIVMSG ${nick} :are you there?`)
    await context.whenReceived(({ content }) => content.kind === 'message' && content.text === 'are you there?')
    assert.match(await person.when((line) => / 301 /.test(line)), /:Away$/)
    await presenceTo(connector, linked, person.nick, { type: 'unsubscribe' })
    await seen(({ type }) => type === 'unsubscribe')
    await connector.stop(0)
    person.leave()
  })

  test('says nothing of the user to the network where that is not wished', async () => {
    const { connector, context, linked, nick } = meeting
    const reader = await IrcPerson.join(network, authority.certPem, freshNick('reader'))
    await presenceTo(connector, linked, `~${reader.nick}`, { type: 'subscribe' })
    await presenceTo(connector, linked, `~${reader.nick}`, { type: 'available', show: 'away' })
    await context.whenReceived(({ from, content }) => from.user === `~${reader.nick}` && content.kind === 'presence')
    reader.write(`WHOIS ${nick}`)
    await reader.when((line) => / 318 /.test(line))
    assert.ok(!reader.lines.some((line) => / 301 /.test(line)))
    assert.ok(!context.received.some(({ content }) => content.kind === 'presence' && content.type === 'subscribe'))
    await presenceTo(connector, linked, `~${reader.nick}`, { type: 'unsubscribe' })
    reader.leave()
  })

  test('nobody there is said with certainty', async () => {
    const outcome = await say(meeting, `~${freshNick('nobody')}`, 'hello')
    assert.deepEqual([outcome.code, outcome.isCertain, outcome.retry], ['GH-IRC-NO-SUCH-NICK', true, 'later'])
  })

  test('a server that cannot prove its name is not spoken to', async () => {
    const { linked } = meeting
    const stranger = Authority.create({ name: 'Somebody else' })
    const connector = await openIrcConnector(network, createTestContext({ wires: plainWires(stranger.certPem) }), {})
    const report = await connector.connectAccount({ ...linked, secret: () => assert.fail('the password was read') })
    assert.equal(report.state, 'away')
    await connector.stop(0)
  })
})

describe('IRC with nicks only: ngIRCd', { skip: skipWithout('ngircd') }, () => {
  let network: RunningIrcNetwork
  before(async () => {
    network = await startNgircd(join(folder, 'ngircd'), authority)
  })
  after(async () => await network?.stop())

  conformance('irc, ngIRCd', () => network, 'trust-nick')
})

after(() => rmSync(folder, { recursive: true, force: true }))
