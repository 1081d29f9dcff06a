import type { SipMessage } from '../message/sip-message.ts'
import type { ClientTransaction } from './client-transaction.ts'
import type { ServerTransaction } from './server-transaction.ts'
import type { SipTimers } from './sip-timers.ts'
import type { TransactionUser } from './transaction-user.ts'

/** What the actions of the state machines may use. */
export interface ActionHost {
  readonly user: TransactionUser
  /** A tag for a To header that we have to complete ourselves (RFC 3261 §8.2.6.2). */
  newTag(): string
}

/** The one thing done on an arc. The state has changed and the timer runs already when it is called. */
export type Action<T> = (host: ActionHost, transaction: T, message: SipMessage | undefined, nowMs: number) => void

/** `keep` leaves the running timer alone. */
export type TimerChoice = Exclude<keyof SipTimers, 't1Ms'> | 'keep'

export interface Arc<T extends ClientTransaction | ServerTransaction> {
  readonly to: T['state']
  readonly timer: TimerChoice
  readonly act: Action<T>
}

/** All arcs out of a state, by input. An input without an arc changes nothing and is counted. */
export interface StateMachine<T extends ClientTransaction | ServerTransaction, Input extends string> {
  readonly name: string
  readonly initialTimer: Exclude<TimerChoice, 'keep'>
  readonly arcs: Readonly<Record<T['state'], Readonly<Partial<Record<Input, Arc<T>>>>>>
}

/** An arc to a state in which `timer` runs. */
export function arc<T extends ClientTransaction | ServerTransaction>(to: T['state'], timer: TimerChoice, act: Action<T>): Arc<T> {
  return { to, timer, act }
}

/** The last arc: the transaction leaves all tables before `act` is called. */
export function end<T extends ClientTransaction | ServerTransaction>(act: Action<T>): Arc<T> {
  return { to: 'terminated', timer: 'keep', act }
}

export function doNothing(): void {}
