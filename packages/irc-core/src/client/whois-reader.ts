import type { IrcMessage } from '../message/irc-message.ts'
import type { IrcEvent } from './irc-event.ts'

/** Puts the lines of one WHOIS answer together: 311 there is such a user, 330 logged in as, 301 away, 318 the end. */
export class WhoisReader {
  #nick: string | undefined
  #account: string | undefined
  #away: string | undefined

  /** An event with the last line of an answer; `part`: another line of one; undefined: something else. */
  handle({ command, params }: IrcMessage, isSameNick: (one: string, other: string) => boolean): IrcEvent | 'part' | undefined {
    const nick = params[1] ?? ''
    if (command === '311') this.#nick = nick
    if (command === '330') this.#account = params[2]
    const isOnline = this.#nick !== undefined && isSameNick(this.#nick, nick)
    // it also comes by itself, for a message to somebody who is away
    const isPart = command === '301' && isOnline
    if (isPart) this.#away = params[2] ?? ''
    if (command !== '318') return isPart ? 'part' : undefined
    const event: IrcEvent = {
      kind: 'whois',
      nick,
      isOnline,
      account: isOnline ? this.#account : undefined,
      away: isOnline ? this.#away : undefined,
    }
    this.#nick = undefined
    this.#account = undefined
    this.#away = undefined
    return event
  }
}
