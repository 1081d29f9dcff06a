import { type AccountId, type Addressing, type Evidence, type Incoming, remoteId, type Source } from '@gatehouse/bridge-kit'
import type { ImAddress, ImContent, PresenceEvent } from '@gatehouse/im-model'
import type { IrcMessageEvent } from '@gatehouse/irc-core'
import type { IrcConfig } from './config.ts'
import { networkName } from './people.ts'

/** Through which account something came in. */
export interface IrcIngress {
  readonly account: AccountId
  readonly owner: ImAddress
  readonly source: Source
}

type Speaker = Pick<IrcMessageEvent, 'nick' | 'account'> & { readonly isRelayed: boolean }

/** Undefined: nobody whom we could name. */
export function readMessage(event: IrcMessageEvent, ingress: IrcIngress, addressing: Addressing, config: IrcConfig): Incoming | undefined {
  const content: ImContent = { kind: 'message', messageId: event.msgid, text: event.isAction ? `/me ${event.text}` : event.text }
  return incoming(event, event.isNotice ? 'NOTICE' : 'PRIVMSG', event.msgid, content, ingress, addressing, config)
}

export function readTyping(
  event: { readonly nick: string; readonly account: string | undefined; readonly state: 'active' | 'paused' | 'done' },
  ingress: IrcIngress,
  addressing: Addressing,
  config: IrcConfig,
): Incoming | undefined {
  const state = ({ active: 'composing', paused: 'paused', done: 'active' } as const)[event.state]
  return incoming({ ...event, isRelayed: false }, 'TAGMSG', '', { kind: 'typing', state }, ingress, addressing, config)
}

/** What the network says of somebody who is watched. `account`: as it was asked for just now; undefined: a nick, and nobody vouches for that. */
export function readPresence(
  speaker: { readonly nick: string; readonly account: string | undefined },
  presence: Omit<PresenceEvent, 'kind'>,
  ingress: IrcIngress,
  addressing: Addressing,
  config: IrcConfig,
): Incoming | undefined {
  return incoming({ ...speaker, isRelayed: false }, 'MONITOR', '', { kind: 'presence', ...presence }, ingress, addressing, config)
}

function incoming(
  speaker: Speaker,
  method: string,
  id: string,
  content: ImContent,
  { account, owner, source }: IrcIngress,
  addressing: Addressing,
  config: IrcConfig,
): Incoming | undefined {
  const evidence = evidenceOf(speaker, config)
  // what a relay says of somebody's account, it says itself
  const person = networkName(
    evidence.class === 'V0' || speaker.account === undefined ? { nick: speaker.nick } : { account: speaker.account },
  )
  const from = person === undefined ? undefined : addressing.fromNetwork(person)
  if (from === undefined) return undefined
  return { side: 'external', account, from, to: owner, conversation: '', remoteId: remoteId(id), content, method, evidence, source }
}

/** Architecture §6: a services account is V1, or V2 where the network vouches; a nick alone and whatever a relay says is nothing. */
function evidenceOf(speaker: Speaker, config: IrcConfig): Evidence {
  if (speaker.isRelayed) return { class: 'V0', by: 'relay' }
  if (speaker.account === undefined || config.ownership === 'trust-nick') return { class: 'V0', by: 'nick' }
  return { class: config.accountEvidence, by: 'services-account' }
}
