import {
  type Addressing,
  type ConnectorContext,
  givenUpWords,
  type Handover,
  type LinkedAccount,
  type StateReport,
  type Wire,
} from '@gatehouse/bridge-kit'
import { failedOutcome, sentOutcome } from '@gatehouse/delivery'
import { messageOf } from '@gatehouse/errors'
import type { DeliveryOutcome, MessageEvent, PresenceEvent, ReceiptEvent, TypingEvent } from '@gatehouse/im-model'
import { defaultIrcClientOptions, IrcClient, type IrcEvent, type IrcMessageEvent, ircCodes, type SaslLogin } from '@gatehouse/irc-core'
import { AskQueue, type WhoisAnswer } from './ask-queue.ts'
import type { IrcConfig } from './config.ts'
import { IrcLink, openWire } from './irc-link.ts'
import { IrcPresence } from './irc-presence.ts'
import { LastHeard } from './last-heard.ts'
import { type IrcPerson, personOf } from './people.ts'
import { type IrcIngress, readMessage, readTyping } from './read-message.ts'

const TYPING = { composing: 'active', paused: 'paused', active: 'done', inactive: 'done', gone: 'done' } as const
/** What only a person can mend. */
const REFUSED: ReadonlySet<string> = new Set(['GH-IRC-LOGIN-FAILED', 'GH-IRC-LOGIN-UNSUPPORTED', 'GH-IRC-NICK-UNUSABLE', 'GH-IRC-BANNED'])

/** One linked account and its connection. Made for one connection; the core asks for a new one after a loss. */
export class IrcAccount {
  readonly #linked: LinkedAccount
  readonly #config: IrcConfig
  readonly #context: ConnectorContext
  readonly #addressing: Addressing
  readonly #client: IrcClient
  readonly #asks = new AskQueue()
  readonly #heard: LastHeard
  readonly #presence: IrcPresence
  /** Who waits for the word about a message, by its id in the client. */
  readonly #outcomes = new Map<string, (outcome: DeliveryOutcome) => void>()
  /** The nick under which an account last wrote to us. */
  readonly #nicks = new Map<string, string>()
  #link: IrcLink | undefined
  #source: IrcIngress['source']
  #onFirstState: ((report: StateReport) => void) | undefined
  #isLeaving = false
  #ids = 0

  constructor(linked: LinkedAccount, config: IrcConfig, context: ConnectorContext, addressing: Addressing) {
    this.#linked = linked
    this.#config = config
    this.#context = context
    this.#addressing = addressing
    this.#heard = new LastHeard(context, linked.id)
    this.#source = { remote: '', server: config.host }
    const nick = linked.settings['nick'] ?? linked.login
    this.#client = new IrcClient({
      ...defaultIrcClientOptions,
      nick,
      alternativeNicks: [],
      user: linked.login.replace(/[^A-Za-z0-9_-]/g, '').slice(0, 10) || 'gatehouse',
      realName: nick,
      serverPassword: undefined,
      login: loginOf(linked),
      flood: config.flood,
    })
    this.#presence = new IrcPresence({
      ...{ linked, config, context, addressing, client: this.#client },
      ingress: () => this.#ingress(),
      pump: () => this.#link?.pump(),
      ask: (asked) => this.#ask(asked),
      likelyNick: (person) => this.#likelyNick(person),
    })
  }

  /** One attempt; resolves with how it ended. */
  async connect(): Promise<StateReport> {
    let wire: Wire
    try {
      const { host, port, connectTimeoutMs } = this.#config
      wire = await openWire(this.#context, { host, port, timeoutMs: connectTimeoutMs })
    } catch (thrown) {
      return this.#report('away', 'GH-IRC-NOT-CONNECTED', messageOf(thrown))
    }
    if (this.#isLeaving) {
      wire.stream.destroy()
      return this.#report('stopped', '', '')
    }
    this.#source = { remote: `${wire.remote.address}:${wire.remote.port}`, server: this.#config.host, peer: wire.security?.peer }
    const state = new Promise<StateReport>((resolve) => (this.#onFirstState = resolve))
    this.#link = new IrcLink(this.#client, wire, this.#context, (event) => this.#handle(event))
    this.#link.start()
    return await state
  }

  async disconnect(): Promise<void> {
    this.#isLeaving = true
    this.#link?.close('bye')
    await this.#heard.end()
  }

  send({ envelope }: Handover<MessageEvent>): Promise<DeliveryOutcome> {
    const name = this.#addressing.toNetwork(envelope.to)
    if (name === undefined) return Promise.resolve(nobody(`${envelope.to.user}@${envelope.to.domain}`))
    if (!this.#client.isReady) return Promise.resolve(failedOutcome(ircCodes, 'GH-IRC-NOT-CONNECTED'))
    const person = personOf(name)
    if ('nick' in person) return this.#say(person.nick, envelope.content.text)
    if (this.#config.ownership === 'trust-nick')
      return Promise.resolve(nobody(`This network has no accounts; write to ~${person.account}.`))
    return this.#sayToAccount(person.account, envelope.content.text)
  }

  sendTyping({ envelope }: Handover<TypingEvent>): DeliveryOutcome {
    const name = this.#addressing.toNetwork(envelope.to)
    const nick = name === undefined ? undefined : this.#likelyNick(personOf(name))
    if (nick === undefined || !this.#client.isReady) return failedOutcome(ircCodes, 'GH-IRC-NOT-CONNECTED')
    this.#client.sendTyping(nick, TYPING[envelope.content.state], this.#context.clock.nowMs())
    this.#link?.pump()
    return sentOutcome()
  }

  /** IRC has no receipts; the gate's own word that a message was given up is a notice, which no program answers (RFC 2812 §3.3.2). */
  async sendReceipt(handover: Handover<ReceiptEvent>): Promise<DeliveryOutcome> {
    const words = givenUpWords(handover)
    const name = this.#addressing.toNetwork(handover.envelope.to)
    if (words === undefined || name === undefined) return sentOutcome()
    if (!this.#client.isReady) return failedOutcome(ircCodes, 'GH-IRC-NOT-CONNECTED')
    const person = personOf(name)
    // who wrote to whom is nothing for somebody who took the nick
    const nick = 'nick' in person ? person.nick : await this.#nickOf(person.account)
    if (typeof nick === 'object') return nick
    this.#client.notice(nick, words, this.#context.clock.nowMs())
    this.#link?.pump()
    return sentOutcome()
  }

  sendPresence({ envelope }: Handover<PresenceEvent>): DeliveryOutcome {
    const name = this.#addressing.toNetwork(envelope.to)
    if (name === undefined) return nobody(`${envelope.to.user}@${envelope.to.domain}`)
    return this.#presence.take(name, envelope.content)
  }

  // ── out ──

  /** Anybody may take a nick: what is meant for an account waits until the server says who has it. */
  async #sayToAccount(account: string, text: string): Promise<DeliveryOutcome> {
    const nick = await this.#nickOf(account)
    return typeof nick === 'object' ? nick : await this.#say(nick, text)
  }

  /** The nick that is logged in to the account, or why there is none. */
  async #nickOf(account: string): Promise<string | DeliveryOutcome> {
    const nick = this.#nicks.get(account) ?? account
    const answer = await this.#ask(nick)
    if (answer === undefined) return failedOutcome(ircCodes, 'GH-IRC-NOT-CONNECTED')
    if (!answer.isOnline) return failedOutcome(ircCodes, 'GH-IRC-NO-SUCH-NICK', nick)
    if (answer.account?.toLowerCase() !== account) return failedOutcome(ircCodes, 'GH-IRC-NOT-THEM', nick)
    return nick
  }

  #ask(nick: string): Promise<WhoisAnswer | undefined> {
    return new Promise((resolve) => {
      if (!this.#client.isReady) return resolve(undefined)
      if (this.#asks.add(this.#client.fold(nick), resolve)) this.#client.whois(nick, this.#context.clock.nowMs())
      this.#link?.pump()
    })
  }

  #say(nick: string, text: string): Promise<DeliveryOutcome> {
    return new Promise((resolve) => {
      const id = `m${this.#ids++}`
      this.#outcomes.set(id, resolve)
      this.#client.send(id, nick, text, this.#context.clock.nowMs())
      this.#link?.pump()
    })
  }

  /** Good enough for a typing notice. */
  #likelyNick(person: IrcPerson): string {
    return 'nick' in person ? person.nick : (this.#nicks.get(person.account) ?? person.account)
  }

  // ── in ──

  #handle(event: IrcEvent): void {
    switch (event.kind) {
      case 'ready':
        return this.#ready(event.nick)
      case 'message':
        return void this.#message(event)
      case 'typing':
        return this.#typing(event)
      case 'outcome': {
        const onOutcome = this.#outcomes.get(event.id)
        this.#outcomes.delete(event.id)
        const { status, code, detail, isCertain, msgid } = event
        // an echo says that the network took it, not that anybody has it
        onOutcome?.(status === 'failed' && code !== '' ? failedOutcome(ircCodes, code, detail, { isCertain }) : sentOutcome(msgid))
        return
      }
      case 'whois':
        return this.#asks.answer(this.#client.fold(event.nick), event)
      case 'nick': {
        for (const [account, nick] of this.#nicks) if (nick === event.from) this.#nicks.delete(account)
        return
      }
      case 'ctcp':
      case 'dropped':
        return this.#context.log.debug({ network: this.#context.name, ...event }, 'left unanswered')
      case 'presence':
        return this.#presence.cameOrWent(event.nick, event.isOnline)
      case 'away':
        return this.#presence.wentAway(event.nick, event.isAway)
      case 'caughtUp':
        return this.#heard.release()
      case 'failed':
        return this.#failed(event.code, event.detail)
    }
  }

  #ready(nick: string): void {
    const nowMs = this.#context.clock.nowMs()
    this.#tell(this.#report('connected', '', `as ${nick}`))
    void this.#presence.begin()
    void this.#heard.load().then((sinceMs) => {
      if (sinceMs === undefined || !this.#client.catchUp(sinceMs, nowMs)) return
      this.#heard.hold()
      this.#link?.pump()
    })
  }

  async #message(event: IrcMessageEvent): Promise<void> {
    // servers and services speak to our account, not to our user
    if (event.userHost === '' || event.text === '' || (event.isNotice && this.#isService(event.nick))) return
    this.#heard.note(event.serverTimeMs ?? this.#context.clock.nowMs())
    if (event.account !== undefined && !event.isRelayed) this.#learnNick(event.account.toLowerCase(), event.nick)
    const incoming = readMessage(event, this.#ingress(), this.#addressing, this.#config)
    if (incoming === undefined) return
    let notice: string
    try {
      const outcome = await this.#context.receive(incoming)
      if (outcome.status !== 'failed') return
      notice = outcome.notice === '' ? 'Your message was not delivered.' : outcome.notice
    } catch (thrown) {
      this.#context.log.error({ network: this.#context.name, reason: messageOf(thrown) }, 'a message could not be taken in')
      notice = 'Your message was not delivered.'
    }
    // programs are not told: two of them would go on for ever
    if (event.isNotice || event.isBot || event.isHistory) return
    this.#client.notice(event.nick, notice, this.#context.clock.nowMs())
    this.#link?.pump()
  }

  #typing(event: IrcEvent & { readonly kind: 'typing' }): void {
    const incoming = readTyping(event, this.#ingress(), this.#addressing, this.#config)
    if (incoming === undefined) return
    // a typing notice that is lost harms nobody, but a core that fails is worth a line
    this.#context.receive(incoming).catch((thrown: unknown) => {
      this.#context.log.error({ network: this.#context.name, reason: messageOf(thrown) }, 'a typing notice could not be taken in')
    })
  }

  #isService(nick: string): boolean {
    const folded = this.#client.fold(nick)
    return this.#config.services.some((service) => this.#client.fold(service) === folded)
  }

  #learnNick(account: string, nick: string): void {
    if (this.#nicks.size >= 1000) this.#nicks.clear()
    this.#nicks.set(account, nick)
  }

  #ingress(): IrcIngress {
    return { account: this.#linked.id, owner: this.#linked.owner, source: this.#source }
  }

  // ── state ──

  #failed(code: keyof typeof ircCodes, detail: string): void {
    this.#asks.giveUp()
    void this.#heard.end()
    this.#presence.end(this.#isLeaving)
    if (this.#isLeaving) return this.#tell(this.#report('stopped', '', ''))
    this.#tell(this.#report(REFUSED.has(code) ? 'refused' : 'away', code, `${ircCodes[code].summary} ${detail}`.trim()))
  }

  /** The first word answers `connect`, later ones are news. */
  #tell(report: StateReport): void {
    const onFirst = this.#onFirstState
    this.#onFirstState = undefined
    if (onFirst !== undefined) onFirst(report)
    if (onFirst === undefined || report.state === 'connected') this.#context.report(report)
  }

  #report(state: StateReport['state'], code: string, detail: string): StateReport {
    return { account: this.#linked.id, state, code, detail }
  }
}

function nobody(detail: string): DeliveryOutcome {
  return { ...failedOutcome(ircCodes, 'GH-IRC-NO-SUCH-NICK', detail), retry: 'never', sipStatus: 404 }
}

function loginOf({ login, secret, settings }: LinkedAccount): SaslLogin | undefined {
  switch (settings['login']) {
    case 'none':
      return undefined
    case 'external':
      return { mechanism: 'EXTERNAL', account: login }
    default:
      return { mechanism: 'PLAIN', account: login, password: secret }
  }
}
