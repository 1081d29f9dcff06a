import type { Buffer } from 'node:buffer'
import type { Awaitable } from '../store/log-source.ts'

/** What a body key is for: one internal user, one class of traffic, one day (UTC, YYYY-MM-DD). */
export interface KeyScope {
  readonly subject: string
  readonly trafficClass: string
  readonly day: string
}

export interface BodyKey {
  readonly id: number
  readonly key: Buffer
}

export interface KeyFacts extends KeyScope {
  readonly id: number
}

/** What must neither be erased nor expire; empty and 0: any. */
export interface Hold {
  readonly name: string
  readonly user: string
  readonly conversation: string
  readonly domain: string
  readonly sinceUs: number
  readonly untilUs: number
  readonly reason: string
  readonly addedBy: string
  readonly addedAtUs: number
}

/** The body keys and the holds on them, whichever database has them: what reading, erasing and expiring need. */
export interface KeyVault {
  /** A key by its number; undefined once destroyed. */
  key(id: number): Awaitable<Buffer | undefined>
  /** Keys that exist, of one user and/or of days before one. */
  keys(of: { readonly subject?: string; readonly beforeDay?: string }): Awaitable<KeyFacts[]>
  /** From now on nothing new is sealed with them. */
  close(ids: readonly number[]): Awaitable<void>
  /** Nothing sealed with them can be read again, by anybody. */
  destroy(ids: readonly number[]): Awaitable<void>
  /** Wraps keys anew that an older key-encryption key wraps; how many. The older one may be removed then. */
  rewrap(): Awaitable<number>
  holds(): Awaitable<Hold[]>
  /** False: there is one of this name. */
  addHold(hold: Hold): Awaitable<boolean>
  /** False: there is none of this name. */
  releaseHold(name: string): Awaitable<boolean>
  shut(): Awaitable<void>
}

/** Tells scopes apart: no part of an address or a class holds a line end. */
export const placeOf = ({ subject, trafficClass, day }: KeyScope): string => `${trafficClass}\n${day}\n${subject}`
