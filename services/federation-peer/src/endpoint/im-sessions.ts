import type { TimerWheel, WheelEntry } from '@gatehouse/bus'
import { addressKey, type ImAddress } from '@gatehouse/im-model'
import type { Dialog } from '@gatehouse/sip-core'
import type { LinkDestination } from '../route/link-targets.ts'

/** What of a session is told when it is added. */
export interface ImSessionFacts {
  readonly dialog: Dialog
  /** The one on a network, whom we stand for. */
  readonly outside: ImAddress
  /** The one on SIP. */
  readonly user: ImAddress
  /** Media types that the SIP end takes, lower case; empty: it did not say. */
  readonly acceptTypes: readonly string[]
  /** Where the SIP end is reached; undefined until somebody who knows sends to it. */
  readonly destination: LinkDestination | undefined
}

/** One session of messages with a SIP user, in the place of somebody who is not on SIP. */
export class ImSession implements WheelEntry {
  readonly dialog: Dialog
  readonly outside: ImAddress
  readonly user: ImAddress
  readonly acceptTypes: readonly string[]
  destination: LinkDestination | undefined
  lastUsedMs = 0
  wheelNext: WheelEntry | undefined = undefined
  wheelPrevious: WheelEntry | undefined = undefined
  wheelSlot = -1
  wheelRounds = 0
  readonly #onExpire: (session: ImSession) => void

  constructor(facts: ImSessionFacts, onExpire: (session: ImSession) => void) {
    this.dialog = facts.dialog
    this.outside = facts.outside
    this.user = facts.user
    this.acceptTypes = facts.acceptTypes
    this.destination = facts.destination
    this.#onExpire = onExpire
  }

  expire(): void {
    this.#onExpire(this)
  }
}

export interface ImSessionsDeps {
  readonly wheel: TimerWheel
  readonly nowMs: () => number
  /** A session that nobody used for so long is ended. */
  readonly idleMs: number
  readonly maxSessions: number
  /** The session is over for us: tell the SIP end. */
  readonly onIdle: (session: ImSession) => void
}

/** The sessions that this replica can send in: one per pair of people, the latest. Bounded; the one unused for longest makes room. */
export class ImSessions {
  readonly #deps: ImSessionsDeps
  /** Oldest use first. */
  readonly #byPair = new Map<string, ImSession>()

  constructor(deps: ImSessionsDeps) {
    this.#deps = deps
  }

  get size(): number {
    return this.#byPair.size
  }

  /** The session in which something from `outside` for `user` goes; counts as use. */
  use(outside: ImAddress, user: ImAddress): ImSession | undefined {
    const key = pairKey(outside, user)
    const session = this.#byPair.get(key)
    if (session === undefined) return undefined
    session.lastUsedMs = this.#deps.nowMs()
    this.#byPair.delete(key)
    this.#byPair.set(key, session)
    return session
  }

  /** The session that a request of the SIP end belongs to, if this replica has it. */
  find(outside: ImAddress, user: ImAddress, callId: string, ownTag: string): ImSession | undefined {
    const session = this.use(outside, user)
    return session?.dialog.id.callId === callId && session.dialog.id.localTag === ownTag ? session : undefined
  }

  add(facts: ImSessionFacts): ImSession {
    const key = pairKey(facts.outside, facts.user)
    const before = this.#byPair.get(key)
    if (before !== undefined) this.remove(before)
    const session = new ImSession(facts, (due) => this.#expire(due))
    session.lastUsedMs = this.#deps.nowMs()
    this.#byPair.set(key, session)
    this.#deps.wheel.add(session, this.#deps.idleMs)
    if (this.#byPair.size > this.#deps.maxSessions) this.#endOldest()
    return session
  }

  remove(session: ImSession): void {
    const key = pairKey(session.outside, session.user)
    if (this.#byPair.get(key) === session) this.#byPair.delete(key)
    this.#deps.wheel.remove(session)
  }

  #expire(session: ImSession): void {
    const restMs = session.lastUsedMs + this.#deps.idleMs - this.#deps.nowMs()
    if (restMs > 0) return this.#deps.wheel.add(session, restMs) // it was used since
    this.remove(session)
    this.#deps.onIdle(session)
  }

  #endOldest(): void {
    const [oldest] = this.#byPair.values()
    if (oldest === undefined) return
    this.remove(oldest)
    this.#deps.onIdle(oldest)
  }
}

export function pairKey(outside: ImAddress, user: ImAddress): string {
  return `${addressKey(outside.user, outside.domain)} ${addressKey(user.user, user.domain)}`
}
