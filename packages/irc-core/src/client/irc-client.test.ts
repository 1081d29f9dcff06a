import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { defaultIrcClientOptions, type IrcClientOptions } from './client-options.ts'
import { IrcClient } from './irc-client.ts'
import type { IrcEvent } from './irc-event.ts'

const FLOOD = { burstLines: 5, msPerLine: 2000 }

class Rig {
  readonly client: IrcClient
  nowMs = 1_000_000

  constructor(options: Partial<IrcClientOptions> = {}) {
    this.client = new IrcClient({
      ...defaultIrcClientOptions,
      nick: 'gate',
      alternativeNicks: ['gate2'],
      user: 'gate',
      realName: 'Gatehouse',
      serverPassword: undefined,
      login: undefined,
      flood: FLOOD,
      ...options,
    })
    this.client.open(this.nowMs)
  }

  /** Lines that go out now. */
  out(): string[] {
    const bytes = this.client.takeOutput(this.nowMs)
    return bytes === undefined ? [] : Buffer.from(bytes).toString().split('\r\n').slice(0, -1)
  }

  says(...lines: readonly string[]): this {
    this.client.handleData(Buffer.from(lines.map((line) => `${line}\r\n`).join('')), this.nowMs)
    return this
  }

  events(): IrcEvent[] {
    const events: IrcEvent[] = []
    for (let event = this.client.takeEvent(); event !== undefined; event = this.client.takeEvent()) events.push(event)
    return events
  }

  pass(ms: number): this {
    this.nowMs += ms
    this.client.handleTimeout(this.nowMs)
    return this
  }

  /** Registers without looking. */
  ready(caps = '', isupport = 'CASEMAPPING=rfc1459 NICKLEN=20 MONITOR=100 NETWORK=Test'): this {
    this.out()
    this.says(`:srv CAP * LS :${caps}`)
    if (this.out().some((line) => line.startsWith('CAP REQ'))) this.says(`:srv CAP gate ACK :${caps}`)
    this.out()
    this.says(':srv 001 gate :Welcome', `:srv 005 gate ${isupport} :are supported`, ':srv 376 gate :End')
    this.out()
    return this
  }
}

const outcomes = (events: readonly IrcEvent[]): string[] =>
  events.flatMap((event) =>
    event.kind === 'outcome' ? [`${event.id} ${event.status} ${event.code} ${event.isCertain}`.replace('  ', ' ')] : [],
  )

describe('registration', () => {
  it('asks for what is offered, and only that', () => {
    const rig = new Rig({ serverPassword: 'secret' })
    assert.deepEqual(rig.out(), ['CAP LS :302', 'PASS :secret', 'NICK :gate', 'USER gate 0 * :Gatehouse'])
    rig.says(':srv CAP * LS * :multi-prefix account-tag', ':srv CAP * LS :server-time sasl=PLAIN')
    assert.deepEqual(rig.out(), ['CAP REQ :account-tag server-time'])
    rig.says(':srv CAP * ACK :account-tag server-time')
    assert.deepEqual(rig.out(), ['CAP :END'])
    rig.says(':srv 001 gate :Welcome', ':srv 005 gate NETWORK=Test :are supported', ':srv 422 gate :No MOTD')
    assert.deepEqual(rig.events(), [{ kind: 'ready', nick: 'gate', account: undefined, network: 'Test' }])
  })

  it('logs in by SASL PLAIN', () => {
    const rig = new Rig({ login: { mechanism: 'PLAIN', account: 'acme', password: () => 'pw' } })
    rig.out()
    rig.says(':srv CAP * LS :sasl=EXTERNAL,PLAIN')
    assert.deepEqual(rig.out(), ['CAP REQ :sasl'])
    rig.says(':srv CAP * ACK :sasl')
    assert.deepEqual(rig.out(), ['AUTHENTICATE :PLAIN'])
    rig.says('AUTHENTICATE +')
    assert.deepEqual(rig.out(), [`AUTHENTICATE :${Buffer.from('acme\0acme\0pw').toString('base64')}`])
    rig.says(':srv 900 * *!*@* acme :You are now logged in', ':srv 903 * :ok')
    assert.deepEqual(rig.out(), ['CAP :END'])
    rig.says(':srv 001 gate :Welcome', ':srv 422 gate :No MOTD')
    assert.deepEqual(rig.events(), [{ kind: 'ready', nick: 'gate', account: 'acme', network: '' }])
  })

  it('sends long credentials in pieces of 400, and an empty one behind a full one', () => {
    const rig = new Rig({ login: { mechanism: 'PLAIN', account: '', password: () => 'x'.repeat(298) } })
    rig.out()
    rig.says(':srv CAP * LS :sasl', ':srv CAP * ACK :sasl', 'AUTHENTICATE +')
    assert.deepEqual(
      rig
        .out()
        .filter((line) => line.startsWith('AUTHENTICATE'))
        .map((line) => line.length),
      ['AUTHENTICATE :PLAIN'.length, 'AUTHENTICATE :'.length + 400, 'AUTHENTICATE :+'.length],
    )
  })

  const NO_LOGIN: readonly (readonly [why: string, lines: readonly string[], code: string])[] = [
    ['no SASL offered', [':srv CAP * LS :account-tag'], 'GH-IRC-LOGIN-UNSUPPORTED'],
    ['another mechanism offered', [':srv CAP * LS :sasl=EXTERNAL'], 'GH-IRC-LOGIN-UNSUPPORTED'],
    ['the offer is taken back', [':srv CAP * LS :sasl', ':srv CAP * NAK :sasl'], 'GH-IRC-LOGIN-UNSUPPORTED'],
    [
      'the password is wrong',
      [':srv CAP * LS :sasl', ':srv CAP * ACK :sasl', 'AUTHENTICATE +', ':srv 904 * :failed'],
      'GH-IRC-LOGIN-FAILED',
    ],
    ['a server without CAP', [':srv 421 * CAP :Unknown command', ':srv 001 gate :Welcome'], 'GH-IRC-LOGIN-UNSUPPORTED'],
    ['banned', [':srv 465 gate :Go away'], 'GH-IRC-BANNED'],
  ]
  for (const [why, lines, code] of NO_LOGIN) {
    it(`is given up: ${why}`, () => {
      const rig = new Rig({ login: { mechanism: 'PLAIN', account: 'a', password: () => 'hunter2' } }).says(...lines)
      const failed = rig.events().find((event) => event.kind === 'failed')
      assert.equal(failed?.kind === 'failed' && failed.code, code)
      assert.ok(!JSON.stringify(failed).includes('hunter2'))
    })
  }

  it('takes another nick when one is in use, and gives up after a few', () => {
    const rig = new Rig()
    rig.out()
    rig.says(':srv 433 * gate :in use')
    assert.deepEqual(rig.out(), ['NICK :gate2'])
    rig.says(':srv 433 * gate2 :in use')
    assert.deepEqual(rig.out(), ['NICK :gate_'])
    for (let at = 0; at < 20; at++) rig.says(':srv 433 * x :in use')
    assert.equal(rig.events().at(-1)?.kind, 'failed')
  })

  it('does not wait for a silent server', () => {
    const rig = new Rig().pass(30_000)
    assert.deepEqual(rig.events(), [{ kind: 'failed', code: 'GH-IRC-SILENT', detail: '' }])
  })
})

describe('sending', () => {
  it('without labels: what is said before the answer to our PING is about the message', () => {
    const rig = new Rig().ready()
    rig.client.send('m1', 'Bob', 'hello', rig.nowMs)
    assert.deepEqual(rig.out(), ['PRIVMSG Bob :hello', 'PING :gh0'])
    assert.deepEqual(rig.events().slice(1), [])
    rig.says(':srv PONG srv gh0')
    assert.deepEqual(outcomes(rig.events()), ['m1 sent true'])
    rig.client.send('m2', 'Bob', 'hello', rig.nowMs)
    rig.out()
    rig.says(':srv 401 gate bob :No such nick', ':srv PONG srv gh1')
    assert.deepEqual(outcomes(rig.events()), ['m2 failed GH-IRC-NO-SUCH-NICK true'])
  })

  it('with labels and echoes: the echo confirms, and gives the id', () => {
    const rig = new Rig().ready('labeled-response batch echo-message message-tags')
    rig.client.send('m1', 'bob', 'hello', rig.nowMs)
    assert.deepEqual(rig.out(), ['@label=gh0 PRIVMSG bob :hello'])
    rig.says('@label=gh0;msgid=abc :gate!g@h PRIVMSG bob :hello')
    const events = rig.events().filter((event) => event.kind === 'outcome')
    assert.deepEqual(outcomes(events), ['m1 confirmed true'])
    assert.equal(events[0]?.kind === 'outcome' && events[0].msgid, 'abc')
    rig.client.send('m2', 'bob', 'hello', rig.nowMs)
    rig.out()
    rig.says('@label=gh1 FAIL PRIVMSG NEED_REGISTRATION bob :Register first')
    assert.deepEqual(outcomes(rig.events()), ['m2 failed GH-IRC-REFUSED true'])
  })

  it('understands an answer in a batch', () => {
    const rig = new Rig().ready('labeled-response batch echo-message message-tags')
    rig.client.send('m1', 'bob', 'hello', rig.nowMs)
    rig.out()
    rig.says(
      '@label=gh0 :srv BATCH +r1 labeled-response',
      '@batch=r1;msgid=x :gate!g@h PRIVMSG bob :hello',
      '@batch=r1 :srv 301 gate bob :away',
      ':srv BATCH -r1',
    )
    assert.deepEqual(outcomes(rig.events()), ['m1 confirmed true'])
  })

  it('keeps to the pace of the network, and lets PONG pass in front', () => {
    const rig = new Rig().ready('labeled-response batch echo-message')
    for (let at = 0; at < 8; at++) rig.client.send(`m${at}`, 'bob', `text ${at}`, rig.nowMs)
    assert.equal(rig.out().length, 5)
    assert.equal(rig.client.nextDeadlineMs(), rig.nowMs + 2000)
    rig.says('PING :now')
    assert.deepEqual(rig.out(), ['PONG :now'])
    rig.pass(2000)
    assert.deepEqual(rig.out(), ['@label=gh5 PRIVMSG bob :text 5'])
    rig.pass(4000)
    assert.equal(rig.out().length, 2)
  })

  it('splits a long message, and says after the last line that it arrived', () => {
    const rig = new Rig({ flood: { burstLines: 100, msPerLine: 1 } }).ready('labeled-response batch echo-message')
    rig.client.send('m1', 'bob', 'word '.repeat(200), rig.nowMs)
    const lines = rig.out()
    assert.ok(lines.length > 2)
    for (const line of lines)
      assert.ok(Buffer.byteLength(`:gate!${'u'.repeat(11)}@${'h'.repeat(63)} ${line.slice(line.indexOf('PRIVMSG'))}\r\n`) <= 512)
    for (const [at] of lines.entries()) {
      assert.deepEqual(outcomes(rig.events()), [])
      rig.says(`@label=gh${at} :gate!g@h PRIVMSG bob :x`)
    }
    assert.deepEqual(outcomes(rig.events()), ['m1 confirmed true'])
  })

  it('stops in the middle when the first line is refused, and is not sure when a later one is', () => {
    const first = new Rig().ready('labeled-response batch echo-message')
    first.client.send('m1', 'bob', 'word '.repeat(900), first.nowMs)
    assert.equal(first.out().length, 5)
    first.says(...[0, 1, 2, 3, 4].map((at) => `@label=gh${at} :srv 401 gate bob :No such nick`))
    first.pass(60_000)
    assert.deepEqual(first.out(), [])
    const events = first.events()
    assert.deepEqual(outcomes(events), ['m1 failed GH-IRC-NO-SUCH-NICK true'])
    const later = new Rig().ready('labeled-response batch echo-message')
    later.client.send('m1', 'bob', 'a\nb', later.nowMs)
    later.out()
    later.says('@label=gh0 :gate!g@h PRIVMSG bob :a', '@label=gh1 :srv 404 gate bob :Cannot send')
    assert.deepEqual(outcomes(later.events()), ['m1 failed GH-IRC-REFUSED false'])
  })

  const REFUSED: readonly (readonly [target: string, text: string, code: string])[] = [
    ['#room', 'hello', 'GH-IRC-NO-SUCH-NICK'],
    ['a,b', 'hello', 'GH-IRC-NO-SUCH-NICK'],
    ['a b', 'hello', 'GH-IRC-NO-SUCH-NICK'],
    ['$$*', 'hello', 'GH-IRC-NO-SUCH-NICK'],
    ['bob', ' \r\n \0', 'GH-IRC-EMPTY'],
    ['bob', 'line\n'.repeat(21), 'GH-IRC-TOO-LONG'],
  ]
  for (const [target, text, code] of REFUSED) {
    it(`refuses ${JSON.stringify(target)} ${JSON.stringify(text.slice(0, 12))}: ${code}`, () => {
      const rig = new Rig().ready()
      rig.client.send('m1', target, text, rig.nowMs)
      assert.deepEqual(outcomes(rig.events()), [`m1 failed ${code} true`])
      assert.deepEqual(rig.out(), [])
    })
  }

  it('knows what it does not know when the connection is lost', () => {
    const rig = new Rig({ flood: { burstLines: 1, msPerLine: 2000 } }).ready('labeled-response batch echo-message')
    rig.client.send('m1', 'bob', 'one', rig.nowMs)
    rig.client.send('m2', 'bob', 'two', rig.nowMs)
    rig.out()
    rig.client.handleClosed('reset', rig.nowMs)
    assert.deepEqual(outcomes(rig.events()), ['m1 failed GH-IRC-LINK-LOST false', 'm2 failed GH-IRC-NOT-CONNECTED true'])
  })

  it('does not wait for ever for the word about a message', () => {
    const rig = new Rig().ready()
    rig.client.send('m1', 'bob', 'one', rig.nowMs)
    rig.out()
    rig.pass(63_000)
    assert.deepEqual(outcomes(rig.events()), ['m1 failed GH-IRC-NO-ANSWER false'])
    assert.equal(rig.client.pendingSends, 0)
  })

  it('tells without waiting for a word, and not behind a long queue', () => {
    const rig = new Rig().ready()
    rig.client.notice('bob', 'not delivered', rig.nowMs)
    assert.deepEqual(rig.out(), ['NOTICE bob :not delivered'])
    for (let at = 0; at < 20; at++) rig.client.notice('bob', `${at}`, rig.nowMs)
    for (let at = 0; at < 30; at++) rig.pass(2000).out()
    assert.deepEqual(rig.out(), [])
  })

  it('speaks actions', () => {
    const rig = new Rig().ready()
    rig.client.send('m1', 'bob', '/me waves', rig.nowMs)
    assert.equal(rig.out()[0], 'PRIVMSG bob :\x01ACTION waves\x01')
  })
})

describe('hearing', () => {
  it('tells who speaks, and how sure the server is', () => {
    const rig = new Rig().ready('account-tag server-time message-tags batch')
    rig.events()
    rig.says(
      '@account=bobacc;msgid=m1;time=2026-01-02T03:04:05.678Z;bot :Bob!b@host PRIVMSG gate :\x02hi\x02',
      ':Bob!b@host NOTICE GATE :note',
      ':Al/discord!r@relay PRIVMSG gate :from afar',
    )
    const seen = rig
      .events()
      .map(
        (event) =>
          event.kind === 'message' && [
            event.nick,
            event.account,
            event.text,
            event.isNotice,
            event.isRelayed,
            event.isBot,
            event.serverTimeMs,
            event.msgid,
          ],
      )
    assert.deepEqual(seen, [
      ['Bob', 'bobacc', 'hi', false, false, true, Date.UTC(2026, 0, 2, 3, 4, 5, 678), 'm1'],
      ['Bob', undefined, 'note', true, false, false, undefined, ''],
      ['Al/discord', undefined, 'from afar', false, true, false, undefined, ''],
    ])
  })

  it('does not hear channels, its own words from elsewhere, nor answers CTCP', () => {
    const rig = new Rig().ready('echo-message')
    rig.events()
    rig.says(
      ':Bob!b@h PRIVMSG #room :hi',
      ':gate!g@h PRIVMSG bob :from my phone',
      ':Bob!b@h PRIVMSG gate :\x01VERSION\x01',
      ':Bob!b@h PRIVMSG gate :\x01DCC SEND a 1 2 3\x01',
    )
    assert.deepEqual(rig.events(), [
      { kind: 'ctcp', nick: 'Bob', command: 'VERSION' },
      { kind: 'ctcp', nick: 'Bob', command: 'DCC' },
    ])
    assert.deepEqual(rig.out(), [])
  })

  it('hears actions, typing, presence, renames and who somebody is', () => {
    const rig = new Rig().ready('message-tags')
    rig.events()
    rig.says(
      ':Bob!b@h PRIVMSG gate :\x01ACTION waves\x01',
      '@+typing=active :Bob!b@h TAGMSG gate',
      ':srv 730 gate :Bob!b@h,Al!a@h',
      ':srv 731 gate :Bob',
      ':Bob!b@h NICK :Robert',
      ':gate!g@h NICK :gate9',
    )
    rig.says(
      ':srv 311 gate Al a h * :Al',
      ':srv 330 gate Al alacc :is logged in as',
      ':srv 318 gate Al :End',
      ':srv 401 gate Zed :No such nick',
      ':srv 318 gate Zed :End',
    )
    const events = rig.events()
    assert.deepEqual(
      events.map((event) => event.kind),
      ['message', 'typing', 'presence', 'presence', 'presence', 'nick', 'nick', 'whois', 'whois'],
    )
    assert.deepEqual(events.slice(-2), [
      { kind: 'whois', nick: 'Al', isOnline: true, account: 'alacc', away: undefined },
      { kind: 'whois', nick: 'Zed', isOnline: false, account: undefined, away: undefined },
    ])
    assert.equal(rig.client.nick, 'gate9')
  })

  it('hears who is away: of itself, in WHOIS, behind a message, and when it asks', () => {
    const rig = new Rig().ready('away-notify extended-monitor')
    rig.events()
    assert.equal(rig.client.tellsAway, true)
    assert.equal(new Rig().ready('away-notify').client.tellsAway, false)
    rig.says(':Bob!b@h AWAY :lunch', ':Bob!b@h AWAY', ':srv 301 gate Cid :gone fishing', ':srv 302 gate :Bob=+b@h Op*=-o@h =+x@h nonsense')
    rig.says(':srv 311 gate Al a h * :Al', ':srv 301 gate Al :back at ten', ':srv 318 gate Al :End')
    assert.deepEqual(rig.events(), [
      { kind: 'away', nick: 'Bob', isAway: true },
      { kind: 'away', nick: 'Bob', isAway: false },
      { kind: 'away', nick: 'Cid', isAway: true },
      { kind: 'away', nick: 'Bob', isAway: false },
      { kind: 'away', nick: 'Op', isAway: true },
      { kind: 'whois', nick: 'Al', isOnline: true, account: undefined, away: 'back at ten' },
    ])
    rig.client.askAway(['a', 'b', 'c', 'd', 'e', '#room', 'f'], rig.nowMs)
    assert.deepEqual(rig.out(), ['USERHOST a b c d :e', 'USERHOST :f'])
  })

  it('says that it is away, as long as the server takes, and that it is back', () => {
    const rig = new Rig().ready('', 'AWAYLEN=10')
    rig.client.away('out for lunch', rig.nowMs)
    rig.client.away(undefined, rig.nowMs)
    const [first = '', second] = rig.out()
    assert.match(first, /^AWAY :out for/)
    assert.ok(first.length <= 'AWAY :'.length + 10)
    assert.equal(second, 'AWAY')
  })

  it('fetches what was said while it was away, page after page', () => {
    const rig = new Rig().ready('batch message-tags server-time draft/chathistory', 'CHATHISTORY=2')
    rig.events()
    assert.ok(rig.client.catchUp(0, rig.nowMs))
    assert.match(rig.out()[0] as string, /^CHATHISTORY TARGETS timestamp=1970-01-01T00:00:00.000Z timestamp=.* :50$/)
    rig.says(
      ':srv BATCH +t draft/chathistory-targets',
      '@batch=t :srv CHATHISTORY TARGETS Bob 2026-01-01T00:00:00.000Z',
      '@batch=t :srv CHATHISTORY TARGETS #room 2026-01-01T00:00:00.000Z',
      ':srv BATCH -t',
    )
    assert.deepEqual(rig.out(), ['CHATHISTORY AFTER Bob timestamp=1970-01-01T00:00:00.000Z :2'])
    rig.says(
      ':srv BATCH +h chathistory Bob',
      '@batch=h;msgid=p;time=2026-01-01T00:00:00.000Z :gate!g@h PRIVMSG Bob :our own words',
      '@batch=h;msgid=q;time=2026-01-01T00:00:01.000Z :Bob!b@h PRIVMSG gate :missed',
      ':srv BATCH -h',
    )
    const [event, ...others] = rig.events()
    assert.ok(event?.kind === 'message' && event.isHistory && event.msgid === 'q')
    assert.deepEqual(others, [])
    assert.deepEqual(rig.out(), ['CHATHISTORY AFTER Bob timestamp=2026-01-01T00:00:00.999Z :2'], 'our own lines count, too')
    rig.says(
      ':srv BATCH +i chathistory Bob',
      '@batch=i;msgid=r;time=2026-01-01T00:00:02.000Z :Bob!b@h PRIVMSG gate :and this',
      ':srv BATCH -i',
    )
    assert.deepEqual(
      rig.events().map((one) => (one.kind === 'message' ? one.text : one.kind)),
      ['and this', 'caughtUp'],
    )
    assert.deepEqual(rig.out(), [])
  })

  it('loses none of the lines of one millisecond at the end of a page', () => {
    const page = [1, 2].map((at) => `@batch=h;msgid=m${at};time=2026-01-01T00:00:01.000Z :Bob!b@h PRIVMSG gate :${at}`)
    const answer = [':srv BATCH +h chathistory Bob', ...page, ':srv BATCH -h']
    const asked = (isupport: string): string[] => {
      const rig = new Rig().ready('batch message-tags server-time draft/chathistory', isupport)
      rig.client.catchUp(0, rig.nowMs)
      rig.says(':srv BATCH +t draft/chathistory-targets', '@batch=t :srv CHATHISTORY TARGETS Bob 2026-01-01T00:00:01.000Z', ':srv BATCH -t')
      rig.out()
      rig.says(...answer)
      return rig.out().concat(rig.says(...answer).out())
    }
    assert.deepEqual(asked('CHATHISTORY=2 MSGREFTYPES=timestamp,msgid'), [
      'CHATHISTORY AFTER Bob msgid=m2 :2',
      'CHATHISTORY AFTER Bob msgid=m2 :2',
    ])
    assert.deepEqual(
      asked('CHATHISTORY=2'),
      ['CHATHISTORY AFTER Bob timestamp=2026-01-01T00:00:00.999Z :2', 'CHATHISTORY AFTER Bob timestamp=2026-01-01T00:00:01.000Z :2'],
      'the same page again would be asked for without end',
    )
  })

  it('takes no history for an end of what it waits for, and a refusal for one', () => {
    const rig = new Rig().ready('batch message-tags server-time draft/chathistory')
    rig.events()
    rig.client.catchUp(0, rig.nowMs)
    rig.out()
    rig.says(':srv BATCH +t draft/chathistory-targets', ':srv BATCH -t')
    assert.deepEqual(rig.events(), [{ kind: 'caughtUp' }], 'nobody said anything')
    rig.client.catchUp(0, rig.nowMs)
    rig.says('FAIL CHATHISTORY MESSAGE_ERROR TARGETS :Messages could not be retrieved')
    assert.deepEqual(rig.events(), [{ kind: 'caughtUp' }])
    rig.says('FAIL CHATHISTORY MESSAGE_ERROR TARGETS :Messages could not be retrieved')
    assert.deepEqual(rig.events(), [])
  })

  it('asks a silent server, and leaves it when it does not answer', () => {
    const rig = new Rig().ready()
    rig.events()
    rig.pass(90_000)
    assert.match(rig.out()[0] as string, /^PING /)
    rig.pass(30_000)
    assert.deepEqual(rig.events(), [{ kind: 'failed', code: 'GH-IRC-SILENT', detail: '' }])
    assert.equal(rig.client.nextDeadlineMs(), undefined)
  })

  it('survives whatever a server sends, in bounded memory', () => {
    const word = fc.constantFrom(
      'CAP',
      'PRIVMSG',
      'BATCH',
      '433',
      '001',
      '376',
      'gate',
      'bob',
      ':x',
      '*',
      'LS',
      'ACK',
      '+r',
      '-r',
      ':gate!a@b',
      '@label=gh0;batch=r',
      '@batch=r',
      'NICK',
      '318',
      '730',
      'CHATHISTORY',
      'TARGETS',
      'ERROR',
      '\0',
      '\u00e9',
      '',
    )
    fc.assert(
      fc.property(fc.array(fc.array(word, { maxLength: 6 }), { maxLength: 30 }), (script) => {
        const rig = new Rig()
        rig.client.send('m', 'bob', 'text', rig.nowMs)
        for (const words of script) {
          rig.says(words.join(' '))
          rig.out()
          rig.events()
        }
      }),
    )
  })
})
