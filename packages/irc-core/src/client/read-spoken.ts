import { type IrcMessage, nickOf, userHostOf } from '../message/irc-message.ts'
import { parseCtcp } from '../text/ctcp.ts'
import { stripFormatting } from '../text/strip-formatting.ts'
import type { IrcEvent } from './irc-event.ts'

/** PRIVMSG, NOTICE and TAGMSG as events. Undefined: nothing that anybody has to hear of. */
export function readSpoken(message: IrcMessage, isHistory: boolean): IrcEvent | undefined {
  const { tags, command, params } = message
  const nick = nickOf(message.source)
  const account = accountOf(tags)
  if (command === 'TAGMSG') {
    const state = tags.get('+typing') ?? tags.get('+draft/typing')
    return state === 'active' || state === 'paused' || state === 'done' ? { kind: 'typing', nick, account, state } : undefined
  }
  const raw = params[1] ?? ''
  const ctcp = parseCtcp(raw)
  if (ctcp !== undefined && ctcp.command !== 'ACTION') return { kind: 'ctcp', nick, command: ctcp.command.slice(0, 32) }
  return {
    kind: 'message',
    nick,
    userHost: userHostOf(message.source),
    account,
    text: stripFormatting(ctcp?.text ?? raw),
    isAction: ctcp !== undefined,
    isNotice: command === 'NOTICE',
    msgid: tags.get('msgid') ?? '',
    serverTimeMs: timeOf(tags.get('time')),
    isHistory,
    // RELAYMSG nicks hold a separator that no real nick may; the tag names the relay
    isRelayed: tags.has('draft/relaymsg') || tags.has('relaymsg') || nick.includes('/'),
    isBot: tags.has('bot'),
  }
}

/** `*` is some servers' word for none. */
function accountOf(tags: ReadonlyMap<string, string>): string | undefined {
  const account = tags.get('account')
  return account === undefined || account === '' || account === '*' ? undefined : account
}

function timeOf(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}
