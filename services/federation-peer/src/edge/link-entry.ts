import type { EdgeConnection, LinkFailure, LinkInfo, LinkState, LinkTarget } from './connection.ts'
import type { EdgeSocket } from './edge-socket.ts'
import type { LinkDial } from './link-dial.ts'

/** One open link and what its upkeep needs to know. */
export interface Link {
  readonly connection: EdgeSocket
  readonly host: string
  lastUsedMs: number
  /** When the next CRLF ping is due. */
  nextPingMs: number
  /** When the unanswered ping was sent. */
  pingSentAtMs: number | undefined
  /** True once the peer answered a ping: from then on it is expected to. */
  hasPonged: boolean
  /** Set when too old: not picked any more, closed at that time. */
  retireAtMs: number | undefined
}

/** Somebody who waits for a link. */
export interface Waiter {
  readonly onReady: (link: EdgeConnection) => void
  readonly onFailed: (failure: LinkFailure) => void
  readonly deadlineMs: number
}

/** Everything the pool keeps for one key. Data and questions about it; the pool acts. */
export class LinkEntry {
  target: LinkTarget
  links: Link[] = []
  readonly dials: Set<LinkDial> = new Set()
  waiters: Waiter[] = []
  failures = 0
  lastFailure: LinkFailure | undefined
  nextAttemptAtMs = 0
  cancelRetry: (() => void) | undefined
  /** Acquires since the last sweep, and in the second before it. */
  acquired = 0
  acquiredPerSecond = 0
  readonly penaltyUntilMs: Map<string, number> = new Map()
  #sinceMs: number
  #state: LinkState['state'] = 'idle'
  #turn = 0

  constructor(target: LinkTarget, nowMs: number) {
    this.target = target
    this.#sinceMs = nowMs
  }

  /**
   * What has the same affinity takes the same link while the links stay the same, so that a conversation keeps its order.
   * Without one: the open link with the least waiting to be sent; equals take turns. A link above its high mark still takes what was
   * read already: whoever feeds it is not read any more, and refusing the rest would turn each short stop into lost messages.
   */
  pick(affinity?: number): Link | undefined {
    const { links } = this
    const count = links.length
    if (affinity !== undefined && count > 0) {
      const link = links[affinity % count] as Link
      if (mayTake(link)) return link
    }
    this.#turn += 1
    let best: Link | undefined
    let bestBytes = Number.POSITIVE_INFINITY
    for (let step = 0; step < count; step += 1) {
      const link = links[(this.#turn + step) % count] as Link
      const bytes = link.connection.bufferedBytes
      if (bytes >= bestBytes || !mayTake(link)) continue
      best = link
      bestBytes = bytes
    }
    return best
  }

  /** Links that count against `target.links`. */
  get linkCount(): number {
    let count = this.dials.size
    for (const link of this.links) if (link.connection.isOpen && link.retireAtMs === undefined) count += 1
    return count
  }

  /** True when nothing would be lost by forgetting this entry. */
  isForgettable(nowMs: number, memoryMs: number): boolean {
    if (this.links.length > 0 || this.dials.size > 0 || this.waiters.length > 0) return false
    return this.failures === 0 || nowMs >= this.nextAttemptAtMs + memoryMs
  }

  /** Called after everything that may have changed the state. */
  noteState(nowMs: number): void {
    const state = this.#stateNow(nowMs)
    if (state === this.#state) return
    this.#state = state
    this.#sinceMs = nowMs
  }

  snapshot(nowMs: number): LinkState {
    this.noteState(nowMs)
    const failure = this.failures > 0 ? this.lastFailure : undefined
    return {
      key: this.target.key,
      name: this.target.edgeHost ?? this.target.srvDomain ?? this.target.key,
      side: this.target.side,
      state: this.#state,
      sinceMs: this.#sinceMs,
      detail: failure === undefined ? '' : `${failure.code} ${failure.detail}`,
      links: this.links.map(infoOf),
      waiting: this.waiters.length,
      failures: this.failures,
      nextAttemptAtMs: this.#state === 'backoff' ? this.nextAttemptAtMs : undefined,
    }
  }

  #stateNow(nowMs: number): LinkState['state'] {
    if (this.links.some((link) => link.connection.isOpen)) return 'up'
    if (this.dials.size > 0) return 'connecting'
    return this.failures > 0 && nowMs < this.nextAttemptAtMs ? 'backoff' : 'idle'
  }
}

function mayTake({ connection, retireAtMs }: Link): boolean {
  return connection.isOpen && !connection.isOverfull && retireAtMs === undefined
}

function infoOf(link: Link): LinkInfo {
  const { connection, host } = link
  const { id, remote, tlsVersion, openedAtMs, bufferedBytes } = connection
  return { id, remote, host, tlsVersion, openedAtMs, bufferedBytes, fingerprint: connection.peer.fingerprint }
}
