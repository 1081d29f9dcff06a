import { type IrcMessage, nickOf } from '../message/irc-message.ts'
import type { IrcEvent } from './irc-event.ts'

/** One USERHOST takes so many nicks (RFC 2812 §4.8). */
const USERHOST_NICKS = 5

/** Who comes, goes, is away or back: 730 and 731 (MONITOR), AWAY (away-notify, extended-monitor), 301 and 302 (RFC 2812 §5.1). */
export function readPresenceLine({ command, params, source }: IrcMessage): IrcEvent[] {
  switch (command) {
    case '730':
    case '731':
      return words(params.at(-1), ',').map((one) => ({ kind: 'presence', nick: nickOf(one), isOnline: command === '730' }))
    case 'AWAY':
      return [{ kind: 'away', nick: nickOf(source), isAway: (params[0] ?? '') !== '' }]
    case '301':
      return params.length < 3 ? [] : [{ kind: 'away', nick: params[1] as string, isAway: true }]
    case '302':
      return words(params.at(-1), ' ').flatMap((one) => {
        const match = /^([^=*]+)\*?=([+-])/.exec(one)
        return match === null ? [] : [{ kind: 'away' as const, nick: match[1] as string, isAway: match[2] === '-' }]
      })
    default:
      return []
  }
}

export function userhostGroups(nicks: readonly string[]): readonly string[][] {
  return Array.from({ length: Math.ceil(nicks.length / USERHOST_NICKS) }, (_, at) =>
    nicks.slice(at * USERHOST_NICKS, (at + 1) * USERHOST_NICKS),
  )
}

function words(list: string | undefined, separator: string): string[] {
  return (list ?? '').split(separator).filter((word) => word !== '')
}
