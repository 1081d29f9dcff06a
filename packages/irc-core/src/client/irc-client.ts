import { Buffer } from 'node:buffer'
import type { IrcCode } from '../errors.ts'
import { encodeLine } from '../message/encode-line.ts'
import { type IrcMessage, nickOf } from '../message/irc-message.ts'
import { LineFramer } from '../message/line-framer.ts'
import { parseLine } from '../message/parse-line.ts'
import { foldCase } from '../text/case-mapping.ts'
import { isNickLike } from '../text/nick-like.ts'
import { splitText } from '../text/split-text.ts'
import { Batches } from './batches.ts'
import type { IrcClientOptions } from './client-options.ts'
import { History } from './history.ts'
import type { IrcEvent } from './irc-event.ts'
import { LineQueue } from './line-queue.ts'
import { Liveness } from './liveness.ts'
import { type PendingSend, PendingSends, pendingSend } from './pending-sends.ts'
import { readPresenceLine, userhostGroups } from './presence-lines.ts'
import { readSpoken } from './read-spoken.ts'
import { Registration, type RegistrationStep } from './registration.ts'
import { refusalOf } from './reply-codes.ts'
import { ServerFeatures } from './server-features.ts'
import { WhoisReader } from './whois-reader.ts'

const ACTION = '/me '
/** Behind so many lines a refusal or a typing notice comes too late to be of use. */
const MAX_QUEUE_FOR_NOTICES = 10

/**
 * One connection of one account. Bytes and time in; bytes, events and deadlines out. The caller opens a TLS connection, tells `open`, feeds
 * `handleData`, writes what `takeOutput` gives, takes events, and calls `handleTimeout` at `nextDeadlineMs`.
 */
export class IrcClient {
  readonly #options: IrcClientOptions
  readonly #framer = new LineFramer()
  readonly #registration: Registration
  readonly #pending = new PendingSends()
  readonly #batches = new Batches()
  readonly #features = new ServerFeatures()
  readonly #events: IrcEvent[] = []
  /** Goes out at once: registration and PONG. */
  readonly #urgent: string[] = []
  readonly #queue: LineQueue
  readonly #whois = new WhoisReader()
  readonly #history = new History()
  readonly #liveness: Liveness
  #state: 'new' | 'registering' | 'ready' | 'over' = 'new'
  #nick: string
  #nowMs = 0
  #tokens = 0

  constructor(options: IrcClientOptions) {
    this.#options = options
    this.#registration = new Registration(options)
    this.#liveness = new Liveness(options)
    this.#queue = new LineQueue(options.flood, this.#pending)
    this.#nick = options.nick
  }

  get nick(): string {
    return this.#nick
  }

  get isReady(): boolean {
    return this.#state === 'ready'
  }

  get pendingSends(): number {
    return this.#pending.size
  }

  fold(nick: string): string {
    return foldCase(nick, this.#features.caseMapping)
  }

  /** True when the server gives its word about each message: outcomes are `confirmed` then, else `sent` at best. */
  get confirmsMessages(): boolean {
    return this.#registration.has('labeled-response') && this.#registration.has('echo-message')
  }

  /** The connection is up. */
  open(nowMs: number): void {
    this.#nowMs = nowMs
    this.#liveness.opened(nowMs)
    this.#state = 'registering'
    this.#step(this.#registration.start())
  }

  handleData(data: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs
    if (this.#state === 'over') return
    this.#liveness.heard(nowMs)
    this.#framer.handleData(data, (framed) => {
      if (this.#state === 'over') return
      if ('defect' in framed) return this.#emit({ kind: 'dropped', why: framed.defect })
      const message = parseLine(framed.line)
      if (message === undefined) this.#emit({ kind: 'dropped', why: 'malformed' })
      else this.#handle(message)
    })
  }

  /** The connection is gone. */
  handleClosed(detail: string, nowMs: number): void {
    this.#nowMs = nowMs
    this.#end('GH-IRC-CLOSED', detail)
  }

  /**
   * Queues a message to a nick. Its outcome comes as an event with `id`, exactly once; at once with a code where it cannot be sent.
   * A text that begins with `/me ` becomes a CTCP ACTION.
   */
  send(id: string, target: string, text: string, nowMs: number): void {
    this.#nowMs = nowMs
    const isAction = text.startsWith(ACTION)
    const room = this.#features.textBytes(this.#nick, target, 'PRIVMSG') - (isAction ? '\x01ACTION \x01'.length : 0)
    const refusal = this.#refusal(id, target, room)
    if (refusal !== undefined) return this.#refuse(id, refusal)
    const lines = splitText(isAction ? text.slice(ACTION.length) : text, room).map((line) => (isAction ? `\x01ACTION ${line}\x01` : line))
    if (lines.length === 0) return this.#refuse(id, 'GH-IRC-EMPTY')
    if (lines.length > this.#options.maxLinesPerMessage) return this.#refuse(id, 'GH-IRC-TOO-LONG')
    const deadlineMs = nowMs + this.#options.answerMs + (this.#queue.length + lines.length) * this.#options.flood.msPerLine
    const send = pendingSend(id, this.fold(target), lines, deadlineMs)
    this.#pending.add(send)
    this.#queueLines(send, target)
  }

  /** Tells somebody something that no program may answer (RFC 1459 §4.4.2). Fire and forget: left out when the queue is long. */
  notice(target: string, text: string, nowMs: number): void {
    this.#nowMs = nowMs
    if (!this.isReady || !isNickLike(target) || this.#queue.length >= MAX_QUEUE_FOR_NOTICES) return
    const [line] = splitText(text, this.#features.textBytes(this.#nick, target, 'NOTICE'))
    if (line !== undefined) this.#enqueue('NOTICE', [target, line])
  }

  /** `draft/typing`; nothing where the server does not carry tags. */
  sendTyping(target: string, state: 'active' | 'paused' | 'done', nowMs: number): void {
    this.#nowMs = nowMs
    if (!this.isReady || !this.#registration.has('message-tags') || !isNickLike(target) || this.#queue.length >= MAX_QUEUE_FOR_NOTICES)
      return
    this.#enqueue('TAGMSG', [target], [['+typing', state]])
  }

  /** Asks who has a nick; answered by a `whois` event. */
  whois(nick: string, nowMs: number): void {
    this.#nowMs = nowMs
    if (this.isReady && isNickLike(nick)) this.#enqueue('WHOIS', [nick])
  }

  /** Tells by `presence` events when a nick comes and goes. False: the server has no MONITOR. */
  monitor(nicks: readonly string[], nowMs: number): boolean {
    this.#nowMs = nowMs
    if (!this.isReady || this.#features.monitorLimit === 0) return false
    for (const nick of nicks.filter(isNickLike).slice(0, this.#features.monitorLimit)) this.#enqueue('MONITOR', ['+', nick])
    return true
  }

  unmonitor(nick: string, nowMs: number): void {
    this.#nowMs = nowMs
    if (this.isReady && this.#features.monitorLimit > 0 && isNickLike(nick)) this.#enqueue('MONITOR', ['-', nick])
  }

  /** Whether the server tells by itself when a watched nick goes away or is back; otherwise `askAway` does. */
  get tellsAway(): boolean {
    return this.#registration.has('away-notify') && this.#registration.has('extended-monitor')
  }

  /** Asks which of them are away; answered by `away` events of those that are there. */
  askAway(nicks: readonly string[], nowMs: number): void {
    this.#nowMs = nowMs
    for (const group of userhostGroups(this.isReady ? nicks.filter(isNickLike) : [])) this.#enqueue('USERHOST', group)
  }

  /** Says that we are away, and with which words; undefined: back again (RFC 2812 §4.1). */
  away(words: string | undefined, nowMs: number): void {
    this.#nowMs = nowMs
    const [line] = words === undefined ? [] : splitText(words, this.#features.awayLength)
    if (this.isReady) this.#enqueue('AWAY', line === undefined ? [] : [line])
  }

  /** Asks for what was said to us since then; `caughtUp` tells the end of it. False: the server keeps no history. */
  catchUp(sinceMs: number, nowMs: number): boolean {
    this.#nowMs = nowMs
    if (!this.isReady || !this.#registration.has('draft/chathistory') || !this.#registration.has('batch')) return false
    const { historyLimit, knowsMessageIds } = this.#features
    this.#follow(this.#history.begin(sinceMs, nowMs, historyLimit, knowsMessageIds))
    return true
  }

  quit(words: string, nowMs: number): void {
    this.#nowMs = nowMs
    const line = encodeLine('QUIT', [words])
    if (line !== undefined && this.#state !== 'over') this.#urgent.push(line)
  }

  /** Bytes to write now; undefined: none may go yet. */
  takeOutput(nowMs: number): Uint8Array | undefined {
    this.#nowMs = nowMs
    const lines = this.#urgent.splice(0)
    if (this.#state === 'ready') lines.push(...this.#queue.take(nowMs))
    return lines.length === 0 ? undefined : Buffer.from(`${lines.join('\r\n')}\r\n`, 'utf8')
  }

  takeEvent(): IrcEvent | undefined {
    return this.#events.shift()
  }

  /** When `handleTimeout`, or `takeOutput` again, has something to do. */
  nextDeadlineMs(): number | undefined {
    if (this.#state === 'new' || this.#state === 'over') return undefined
    const deadlines = [this.#liveness.nextDeadlineMs(this.#state === 'registering')]
    const pendingMs = this.#pending.nextDeadlineMs()
    if (pendingMs !== undefined) deadlines.push(pendingMs)
    const queueMs = this.#queue.readyAtMs(this.#nowMs)
    if (queueMs !== undefined) deadlines.push(queueMs)
    return Math.min(...deadlines)
  }

  handleTimeout(nowMs: number): void {
    this.#nowMs = nowMs
    if (this.#state === 'new' || this.#state === 'over') return
    for (const outcome of this.#pending.expire(nowMs, 'GH-IRC-NO-ANSWER')) this.#emit(outcome)
    const state = this.#liveness.check(nowMs, this.#state === 'registering')
    if (state === 'ask') this.#urgent.push(`PING :gh-alive-${this.#tokens++}`)
    else if (state === 'dead') this.#end('GH-IRC-SILENT', '')
  }

  // ── out ──

  #refusal(id: string, target: string, room: number): IrcCode | undefined {
    if (!this.isReady || this.#pending.has(id)) return 'GH-IRC-NOT-CONNECTED'
    if (!isNickLike(target) || room < 50) return 'GH-IRC-NO-SUCH-NICK'
    return this.#pending.size >= this.#options.maxPending ? 'GH-IRC-QUEUE-FULL' : undefined
  }

  #refuse(id: string, code: IrcCode): void {
    this.#emit({ kind: 'outcome', id, status: 'failed', code, detail: '', isCertain: true, msgid: '' })
  }

  #queueLines(send: PendingSend, target: string): void {
    const isLabelled = this.#registration.has('labeled-response')
    for (const text of send.lines) {
      const token = isLabelled ? this.#nextToken() : undefined
      const line = encodeLine('PRIVMSG', [target, text], token === undefined ? [] : [['label', token]])
      if (line !== undefined) this.#queue.push({ line, send, token, isText: true })
    }
    if (isLabelled) return
    // Without labels: errors about a message come before the answer to what we sent behind it.
    const token = this.#nextToken()
    this.#queue.push({ line: `PING :${token}`, send, token, isText: false })
  }

  #nextToken(): string {
    return `gh${this.#tokens++}`
  }

  #enqueue(command: string, params: readonly string[], tags: readonly (readonly [string, string])[] = []): void {
    const line = encodeLine(command, params, tags)
    if (line !== undefined) this.#queue.push({ line, send: undefined, token: undefined, isText: false })
  }

  #step(step: RegistrationStep): void {
    if ('failed' in step) return this.#end(step.failed, step.detail)
    if ('done' in step) {
      this.#state = 'ready'
      this.#nick = this.#registration.nick
      this.#emit({ kind: 'ready', nick: this.#nick, account: this.#registration.account, network: this.#features.network })
      return
    }
    for (const [command, ...params] of step.send) {
      const line = encodeLine(command, params)
      if (line === undefined)
        return this.#end('GH-IRC-NICK-UNUSABLE', 'Nick, user name or password holds a character that IRC cannot carry.')
      this.#urgent.push(line)
    }
  }

  // ── in ──

  #handle(message: IrcMessage): void {
    const { command, params } = message
    if (command === 'PING') {
      const line = encodeLine('PONG', [params.at(-1) ?? ''])
      if (line !== undefined) this.#urgent.push(line)
      return
    }
    if (command === 'ERROR') return this.#end('GH-IRC-CLOSED', params.at(-1) ?? '')
    if (command === '005') this.#features.learn(params.slice(1, -1))
    if (this.#state === 'registering' || command === 'CAP') this.#step(this.#registration.handle(message))
    else this.#handleReady(message)
  }

  #handleReady(message: IrcMessage): void {
    const { command, params, source } = message
    switch (command) {
      case 'PRIVMSG':
      case 'NOTICE':
      case 'TAGMSG':
        return this.#spoken(message)
      case 'BATCH':
        return this.#batch(message)
      case 'ACK':
        return this.#answered(message.tags.get('label'), true)
      case 'PONG':
        return this.#answered(params.at(-1), false)
      case 'NICK': {
        const to = params[0] ?? ''
        const isOurs = this.fold(nickOf(source)) === this.fold(this.#nick)
        if (isOurs) this.#nick = to
        return this.#emit({ kind: 'nick', from: nickOf(source), to, isOurs })
      }
      case 'CHATHISTORY':
        // the answer to TARGETS: one line a partner, with the time of the last message
        if (params[0] === 'TARGETS' && isNickLike(params[1] ?? '')) this.#follow(this.#history.target(params[1] as string))
        return
      default:
        return this.#numeric(message)
    }
  }

  #spoken(message: IrcMessage): void {
    this.#history.noted(message)
    const from = nickOf(message.source)
    if (this.fold(from) === this.fold(this.#nick)) return this.#echo(message)
    // a channel is not us; rooms are not carried
    if (this.fold(message.params[0] ?? '') !== this.fold(this.#nick)) return
    const event = readSpoken(message, this.#batches.typeOf(message.tags.get('batch')) === 'chathistory')
    if (event !== undefined) this.#emit(event)
  }

  /** Our own words come back: the server took them. */
  #echo(message: IrcMessage): void {
    const label = message.tags.get('label') ?? this.#batches.labelOf(message.tags.get('batch'))
    if (label === undefined) return
    const send = this.#pending.of(label)
    if (send !== undefined && send.msgid === '') send.msgid = message.tags.get('msgid') ?? ''
    // within a batch the end of the batch is the answer
    if (message.tags.has('label')) this.#answered(label, true)
    else this.#batches.markEchoed(message.tags.get('batch'))
  }

  #batch({ params, tags }: IrcMessage): void {
    const word = params[0] ?? ''
    if (word.startsWith('+')) {
      this.#history.opened(word.slice(1), params[1] ?? '', params[2] ?? '')
      return this.#batches.open(word.slice(1), params[1] ?? '', tags.get('label'), tags.get('batch'))
    }
    if (!word.startsWith('-')) return
    this.#follow(this.#history.closed(word.slice(1)))
    const closed = this.#batches.close(word.slice(1))
    if (closed?.label !== undefined) this.#answered(closed.label, closed.isEchoed)
  }

  #answered(token: string | undefined, isConfirmed: boolean): void {
    if (token === undefined) return
    const outcome = this.#pending.answered(token, isConfirmed)
    if (outcome !== undefined) this.#emit(outcome)
  }

  #follow(command: ReturnType<History['target']>): void {
    if (command !== undefined) this.#enqueue(command[0], command.slice(1))
    if (this.#history.takeEnd()) this.#emit({ kind: 'caughtUp' })
  }

  #numeric(message: IrcMessage): void {
    const { command, params } = message
    const refusal = refusalOf(message)
    if (refusal !== undefined) return this.#refusedBy(message, refusal.code, refusal.detail)
    if (command === 'FAIL' && params[0] === 'CHATHISTORY') {
      this.#history.failed()
      return this.#follow(undefined)
    }
    const whois = this.#whois.handle(message, (one, other) => this.fold(one) === this.fold(other))
    if (whois === 'part') return
    if (whois !== undefined) this.#emit(whois)
    else for (const event of readPresenceLine(message)) this.#emit(event)
  }

  #refusedBy(message: IrcMessage, code: IrcCode, detail: string): void {
    const label = message.tags.get('label') ?? this.#batches.labelOf(message.tags.get('batch'))
    const labelled = label === undefined ? undefined : this.#pending.of(label)
    const send = labelled ?? (label === undefined ? this.#pending.oldestTo(this.fold(message.params[1] ?? '')) : undefined)
    if (send === undefined) return
    const outcome = this.#pending.refused(send, code, detail)
    if (outcome !== undefined) this.#emit(outcome)
    if (message.tags.has('label')) this.#answered(label, false)
  }

  #end(code: IrcCode, detail: string): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#queue.clear()
    for (const outcome of this.#pending.failAll('GH-IRC-LINK-LOST', 'GH-IRC-NOT-CONNECTED', detail)) this.#emit(outcome)
    this.#emit({ kind: 'failed', code, detail })
  }

  #emit(event: IrcEvent): void {
    this.#events.push(event)
  }
}
