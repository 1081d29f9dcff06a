import type { TimerWheel, WheelEntry } from '@gatehouse/bus'
import { addressKey, type ImAddress } from '@gatehouse/im-model'
import { Dialog } from '@gatehouse/sip-core'
import type { LinkDestination } from '../route/link-targets.ts'
import type { DialogRecord, SiblingDialogs } from './sibling-dialogs.ts'

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
  /** Replicas that had it before this one. */
  readonly generation?: number
}

/** What other replicas ask us for a session at most; a longer one costs a second. */
const KNOWN_FOR_MS = 86_400_000

/** One session of messages with a SIP user, in the place of somebody who is not on SIP. */
export class ImSession implements WheelEntry {
  readonly dialog: Dialog
  readonly outside: ImAddress
  readonly user: ImAddress
  readonly acceptTypes: readonly string[]
  /** What the other replicas know of it. */
  readonly record: DialogRecord
  destination: LinkDestination | undefined
  lastUsedMs: number
  wheelNext: WheelEntry | undefined = undefined
  wheelPrevious: WheelEntry | undefined = undefined
  wheelSlot = -1
  wheelRounds = 0
  readonly #onExpire: (session: ImSession) => void

  constructor(facts: ImSessionFacts, nowMs: number, onExpire: (session: ImSession) => void) {
    const { dialog, outside, user, acceptTypes, destination, generation = 0 } = facts
    this.dialog = dialog
    this.outside = outside
    this.user = user
    this.acceptTypes = acceptTypes
    this.destination = destination
    this.lastUsedMs = nowMs
    this.record = {
      kind: 'session',
      pair: pairKey(outside, user),
      generation,
      outside,
      user,
      dialog: dialog.state(),
      acceptTypes,
      isActive: true,
      untilMs: nowMs + KNOWN_FOR_MS,
    }
    this.#onExpire = onExpire
  }

  expire(): void {
    this.#onExpire(this)
  }
}

export interface ImSessionsDeps {
  readonly wheel: TimerWheel
  readonly siblings: SiblingDialogs
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

  has(outside: ImAddress, user: ImAddress): boolean {
    return this.#byPair.has(pairKey(outside, user))
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
    const session = new ImSession(facts, this.#deps.nowMs(), (due) => this.#expire(due))
    this.#byPair.set(key, session)
    this.#deps.siblings.has(session.record)
    this.#deps.wheel.add(session, this.#deps.idleMs)
    if (this.#byPair.size > this.#deps.maxSessions) this.#endOldest()
    return session
  }

  remove(session: ImSession): void {
    const key = pairKey(session.outside, session.user)
    if (this.#byPair.get(key) === session) this.#byPair.delete(key)
    this.#deps.wheel.remove(session)
    this.#deps.siblings.ended(session.record)
  }

  /** Goes on with a session of a replica that is gone. */
  restore({ dialog, outside, user, acceptTypes, generation }: DialogRecord): void {
    // where it leads is told by what is sent in it
    if (dialog !== undefined) this.add({ dialog: Dialog.restore(dialog), outside, user, acceptTypes, destination: undefined, generation })
  }

  /** Another replica has it now. */
  lose(record: DialogRecord): void {
    const session = this.#byPair.get(record.pair)
    if (session?.record === record) this.remove(session)
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
