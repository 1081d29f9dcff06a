import type { IrcCode } from '../errors.ts'

/** Somebody's words to us. */
export interface IrcMessageEvent {
  readonly kind: 'message'
  readonly nick: string
  readonly userHost: string
  /** Services account that the server says they are logged in to (account-tag); undefined: none, or the server does not tell. */
  readonly account: string | undefined
  /** Formatting removed. */
  readonly text: string
  readonly isAction: boolean
  /** NOTICE: must never be answered by a program (RFC 1459 §4.4.2). */
  readonly isNotice: boolean
  /** The server's id of the message; empty: it gives none. */
  readonly msgid: string
  /** When the server took it, milliseconds since the epoch; undefined: it does not tell. */
  readonly serverTimeMs: number | undefined
  /** It was said while we were away, and comes from the server's memory. */
  readonly isHistory: boolean
  /** Sent by a relay in somebody else's name (draft/relaymsg): the nick proves nothing. */
  readonly isRelayed: boolean
  readonly isBot: boolean
}

/** What became of a message that we sent. */
export interface IrcOutcomeEvent {
  readonly kind: 'outcome'
  readonly id: string
  /** `confirmed`: the server echoed it. `sent`: it answered what came after, without an error about this. */
  readonly status: 'confirmed' | 'sent' | 'failed'
  readonly code: IrcCode | ''
  /** The server's words. */
  readonly detail: string
  readonly isCertain: boolean
  readonly msgid: string
}

export type IrcEvent =
  | { readonly kind: 'ready'; readonly nick: string; readonly account: string | undefined; readonly network: string }
  | IrcMessageEvent
  | IrcOutcomeEvent
  | { readonly kind: 'typing'; readonly nick: string; readonly account: string | undefined; readonly state: 'active' | 'paused' | 'done' }
  /** A CTCP other than ACTION; it was not answered. DCC offers files and direct chats. */
  | { readonly kind: 'ctcp'; readonly nick: string; readonly command: string }
  | { readonly kind: 'presence'; readonly nick: string; readonly isOnline: boolean }
  | { readonly kind: 'nick'; readonly from: string; readonly to: string; readonly isOurs: boolean }
  /** Of somebody who is there. */
  | { readonly kind: 'away'; readonly nick: string; readonly isAway: boolean }
  /** `away`: their words for it; undefined: they are not. */
  | {
      readonly kind: 'whois'
      readonly nick: string
      readonly isOnline: boolean
      readonly account: string | undefined
      readonly away: string | undefined
    }
  /** All of what `catchUp` asked for has come, or will not come. */
  | { readonly kind: 'caughtUp' }
  | { readonly kind: 'dropped'; readonly why: 'overlong' | 'nul' | 'malformed' }
  /** The connection is of no more use; everything that waited has got its outcome before. */
  | { readonly kind: 'failed'; readonly code: IrcCode; readonly detail: string }
