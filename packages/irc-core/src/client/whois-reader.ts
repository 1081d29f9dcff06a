import type { IrcMessage } from '../message/irc-message.ts'
import type { IrcEvent } from './irc-event.ts'

/** Puts the lines of one WHOIS answer together: 311 there is such a user, 330 logged in as, 318 the end. */
export class WhoisReader {
  #nick: string | undefined
  #account: string | undefined

  /** An event with the last line of an answer. */
  handle({ command, params }: IrcMessage, isSameNick: (one: string, other: string) => boolean): IrcEvent | undefined {
    const nick = params[1] ?? ''
    if (command === '311') this.#nick = nick
    if (command === '330') this.#account = params[2]
    if (command !== '318') return undefined
    const isOnline = this.#nick !== undefined && isSameNick(this.#nick, nick)
    const event: IrcEvent = { kind: 'whois', nick, isOnline, account: isOnline ? this.#account : undefined }
    this.#nick = undefined
    this.#account = undefined
    return event
  }
}
