import { Buffer } from 'node:buffer'
import type { IrcCode } from '../errors.ts'
import type { IrcMessage } from '../message/irc-message.ts'

export type SaslLogin =
  /** `password` is read when the server asks for it, and not kept. */
  | { readonly mechanism: 'PLAIN'; readonly account: string; readonly password: () => string }
  /** By the certificate of the TLS connection. */
  | { readonly mechanism: 'EXTERNAL'; readonly account: string }

export interface RegistrationOptions {
  readonly nick: string
  /** Taken in this order when `nick` is in use; after them underscores are added. */
  readonly alternativeNicks: readonly string[]
  readonly user: string
  readonly realName: string
  readonly serverPassword: string | undefined
  /** Undefined: without an account. With one, a network that does not let us log in is left again. */
  readonly login: SaslLogin | undefined
}

/** Whatever of these a server offers is used. */
const WANTED = [
  'account-notify',
  'account-tag',
  'away-notify',
  'batch',
  'bot',
  'cap-notify',
  'chghost',
  'draft/chathistory',
  'draft/event-playback',
  'echo-message',
  'extended-monitor',
  'labeled-response',
  'message-tags',
  'server-time',
  'standard-replies',
]
const SASL_CHUNK = 400
const MAX_NICK_TRIES = 12
const NICK_TAKEN: ReadonlySet<string> = new Set(['432', '433', '436', '437'])
const SASL_FAILED: ReadonlySet<string> = new Set(['902', '904', '905', '906', '908'])
const NOT_LET_IN: ReadonlySet<string> = new Set(['463', '464', '465', '466'])

export type RegistrationStep =
  | { readonly send: readonly (readonly [command: string, ...params: string[]])[] }
  | { readonly failed: IrcCode; readonly detail: string }
  | { readonly done: true }

const NOTHING: RegistrationStep = { send: [] }

/** From the first line to the welcome: capabilities (IRCv3 CAP 302), SASL, nick (RFC 1459 §4.1). */
export class Registration {
  readonly #options: RegistrationOptions
  readonly #offered = new Map<string, string>()
  readonly #enabled = new Set<string>()
  #nick: string
  #nickTries = 0
  #account: string | undefined
  #isWelcome = false

  constructor(options: RegistrationOptions) {
    this.#options = options
    this.#nick = options.nick
  }

  get nick(): string {
    return this.#nick
  }

  /** The account that the server says we are logged in to. */
  get account(): string | undefined {
    return this.#account
  }

  has(capability: string): boolean {
    return this.#enabled.has(capability)
  }

  start(): RegistrationStep {
    const { serverPassword, user, realName } = this.#options
    return {
      send: [
        ['CAP', 'LS', '302'],
        ...(serverPassword === undefined ? [] : ([['PASS', serverPassword]] as const)),
        ['NICK', this.#nick],
        ['USER', user, '0', '*', realName],
      ],
    }
  }

  handle(message: IrcMessage): RegistrationStep {
    const { command, params } = message
    const words = params.at(-1) ?? ''
    if (NICK_TAKEN.has(command)) return this.#isWelcome ? NOTHING : this.#nextNick(words)
    if (SASL_FAILED.has(command)) return { failed: 'GH-IRC-LOGIN-FAILED', detail: words }
    if (NOT_LET_IN.has(command)) return { failed: 'GH-IRC-BANNED', detail: words }
    switch (command) {
      case 'CAP':
        return this.#capability(params)
      case 'AUTHENTICATE':
        return params[0] === '+' ? { send: this.#credentials() } : NOTHING
      case '900':
        this.#account = params[2]
        return NOTHING
      case '903':
        return { send: [['CAP', 'END']] }
      case '001':
        return this.#welcome(params[0])
      case '376': // end of the message of the day, or none: everything about the server has been said
      case '422':
        return this.#isWelcome ? { done: true } : NOTHING
      default:
        return NOTHING
    }
  }

  #capability(params: readonly string[]): RegistrationStep {
    switch (params[1]?.toUpperCase()) {
      case 'LS': {
        for (const word of (params.at(-1) ?? '').split(' ')) this.#offer(word)
        // `*` before the list: more of it follows
        return params[2] === '*' && params.length > 3 ? NOTHING : this.#ask()
      }
      case 'ACK': {
        for (const word of (params.at(-1) ?? '').split(' ')) this.#acknowledge(word)
        if (this.#isWelcome) return NOTHING
        const { login } = this.#options
        return { send: login !== undefined && this.#enabled.has('sasl') ? [['AUTHENTICATE', login.mechanism]] : [['CAP', 'END']] }
      }
      case 'NAK':
        if (this.#options.login !== undefined && !this.#isWelcome)
          return { failed: 'GH-IRC-LOGIN-UNSUPPORTED', detail: 'The server took back its offer.' }
        return this.#isWelcome ? NOTHING : { send: [['CAP', 'END']] }
      case 'DEL':
        for (const word of (params.at(-1) ?? '').split(' ')) this.#enabled.delete(word)
        return NOTHING
      default:
        return NOTHING
    }
  }

  #offer(word: string): void {
    if (word === '') return
    const equals = word.indexOf('=')
    this.#offered.set(equals < 0 ? word : word.slice(0, equals), equals < 0 ? '' : word.slice(equals + 1))
  }

  #acknowledge(word: string): void {
    if (word.startsWith('-')) this.#enabled.delete(word.slice(1))
    else if (word !== '') this.#enabled.add(word)
  }

  #ask(): RegistrationStep {
    const { login } = this.#options
    const wanted = WANTED.filter((name) => this.#offered.has(name))
    if (login !== undefined) {
      const mechanisms = this.#offered.get('sasl')
      if (mechanisms === undefined) return { failed: 'GH-IRC-LOGIN-UNSUPPORTED', detail: 'The server offers no SASL.' }
      if (mechanisms !== '' && !mechanisms.split(',').includes(login.mechanism)) {
        return { failed: 'GH-IRC-LOGIN-UNSUPPORTED', detail: `The server offers ${mechanisms}.` }
      }
      wanted.push('sasl')
    }
    return { send: wanted.length === 0 ? [['CAP', 'END']] : [['CAP', 'REQ', wanted.join(' ')]] }
  }

  #credentials(): readonly (readonly [string, string])[] {
    const { login } = this.#options
    if (login === undefined) return [['AUTHENTICATE', '*']]
    const secret = login.mechanism === 'PLAIN' ? `${login.account}\0${login.account}\0${login.password()}` : login.account
    const text = Buffer.from(secret, 'utf8').toString('base64')
    if (text === '') return [['AUTHENTICATE', '+']]
    const lines: (readonly [string, string])[] = []
    for (let at = 0; at < text.length; at += SASL_CHUNK) lines.push(['AUTHENTICATE', text.slice(at, at + SASL_CHUNK)])
    // a last piece of full length has to be followed by an empty one
    if (text.length % SASL_CHUNK === 0) lines.push(['AUTHENTICATE', '+'])
    return lines
  }

  #nextNick(words: string): RegistrationStep {
    if (this.#nickTries >= MAX_NICK_TRIES) return { failed: 'GH-IRC-NICK-UNUSABLE', detail: words }
    const { nick, alternativeNicks } = this.#options
    const listed = alternativeNicks[this.#nickTries]
    this.#nick = listed ?? `${nick}${'_'.repeat(this.#nickTries - alternativeNicks.length + 1)}`
    this.#nickTries++
    return { send: [['NICK', this.#nick]] }
  }

  #welcome(nick: string | undefined): RegistrationStep {
    this.#isWelcome = true
    // servers cut nicks that are too long
    if (nick !== undefined && nick !== '*') this.#nick = nick
    const { login } = this.#options
    if (login !== undefined && this.#account === undefined) {
      return { failed: 'GH-IRC-LOGIN-UNSUPPORTED', detail: 'The server let us in without a login.' }
    }
    return NOTHING
  }
}
