import type { IrcCode } from '../errors.ts'
import type { IrcMessage } from '../message/irc-message.ts'

/** Answers to a message that say it did not arrive (RFC 1459 §6.1 and what InspIRCd, Solanum, UnrealIRCd and Ergo add). */
const REFUSALS: Readonly<Record<string, IrcCode>> = {
  '401': 'GH-IRC-NO-SUCH-NICK',
  '404': 'GH-IRC-REFUSED',
  '407': 'GH-IRC-REFUSED',
  '408': 'GH-IRC-REFUSED',
  '411': 'GH-IRC-REFUSED',
  '412': 'GH-IRC-EMPTY',
  '413': 'GH-IRC-REFUSED',
  '414': 'GH-IRC-REFUSED',
  '415': 'GH-IRC-REFUSED',
  '417': 'GH-IRC-TOO-LONG',
  '477': 'GH-IRC-REFUSED', // only registered accounts may write to them
  '486': 'GH-IRC-REFUSED',
  '489': 'GH-IRC-REFUSED',
  '492': 'GH-IRC-REFUSED',
  '494': 'GH-IRC-REFUSED',
  '531': 'GH-IRC-REFUSED',
  '716': 'GH-IRC-REFUSED', // they let nobody write but whom they accepted
}

/** Undefined: the line is no refusal. */
export function refusalOf(message: IrcMessage): { readonly code: IrcCode; readonly detail: string } | undefined {
  const { command, params } = message
  const detail = `${command} ${params.at(-1) ?? ''}`.slice(0, 300)
  if (command === 'FAIL')
    return params[0] === 'PRIVMSG' || message.tags.has('label')
      ? { code: 'GH-IRC-REFUSED', detail: params.slice(1).join(' ').slice(0, 300) }
      : undefined
  const code = REFUSALS[command]
  return code === undefined ? undefined : { code, detail }
}
