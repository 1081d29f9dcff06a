import type { EdgeSide } from '@gatehouse/im-model'

import { backOffMs } from './back-off.ts'
import type { EdgeConnection, LinkFailure, LinkState, LinkTarget } from './connection.ts'
import type { EdgeCode } from './edge-codes.ts'
import type { EdgeHub } from './edge-hub.ts'
import type { EdgeIdentity } from './edge-identity.ts'
import type { DialedSocket, LinkDialDeps } from './link-dial.ts'
import { LinkDial } from './link-dial.ts'
import type { Link, Waiter } from './link-entry.ts'
import { LinkEntry } from './link-entry.ts'
import { judgeLink, linkFailure } from './link-judge.ts'
import type { LinkPoolOptions } from './link-options.ts'
import { defaultLinkPoolOptions } from './link-options.ts'
import { LinkUpkeep } from './link-upkeep.ts'

export type { LinkFailure, LinkState, LinkTarget } from './connection.ts'

export interface LinkPoolDeps extends Pick<LinkDialDeps, 'hub' | 'validator' | 'resolver' | 'random'> {
  /** Our certificate on that side; asked for every dial, so that a reload takes effect at once. */
  readonly identityFor: (side: EdgeSide) => EdgeIdentity
  /** Over the defaults. */
  readonly options?: Partial<LinkPoolOptions>
}

/** Another try within seconds cannot change these. */
const LASTING: ReadonlySet<string> = new Set<EdgeCode>([
  'GH-EDGE-LINK-NO-RECORD',
  'GH-EDGE-LINK-DOMAIN-RULE',
  'GH-EDGE-LINK-UNTRUSTED',
  'GH-EDGE-LINK-TRUST-STORE',
  'GH-EDGE-LINK-NAME',
  'GH-EDGE-LINK-PIN',
])

/** Ends by which a peer may have refused us. */
const REJECTIONS: ReadonlySet<string> = new Set<EdgeCode>(['GH-EDGE-PEER-CLOSED', 'GH-EDGE-PEER-RESET', 'GH-EDGE-TLS-ERROR'])

/** Outbound links: 1–4 per key, opened on demand and by load, with failover, back-off and dead-peer detection. */
export class LinkPool {
  readonly #deps: LinkPoolDeps
  readonly #hub: EdgeHub
  readonly #options: LinkPoolOptions
  readonly #upkeep: LinkUpkeep
  readonly #entries = new Map<string, LinkEntry>()
  readonly #stopSweep: () => void
  #isDraining = false
  #onEmpty: (() => void) | undefined

  constructor(deps: LinkPoolDeps) {
    this.#deps = deps
    this.#hub = deps.hub
    this.#options = { ...defaultLinkPoolOptions, ...deps.options }
    this.#upkeep = new LinkUpkeep(this.#options, deps.random)
    this.#stopSweep = deps.hub.onSweep((nowMs) => this.#sweep(nowMs))
  }

  /**
   * Gives a link: before returning when one is up, otherwise later. Exactly one of the callbacks is called, exactly once;
   * `onFailed`, too, may come before the call returns.
   */
  acquire(target: LinkTarget, onReady: (link: EdgeConnection) => void, onFailed: (failure: LinkFailure) => void, affinity?: number): void {
    const entry = this.#entries.get(target.key) ?? this.#newEntry(target)
    if (entry === undefined) {
      onFailed(linkFailure('GH-EDGE-LINK-QUEUE-FULL', `${this.#entries.size} partners`, 503))
      return
    }
    entry.target = target
    entry.acquired += 1
    const link = entry.pick(affinity)
    if (link === undefined) {
      this.#wait(entry, onReady, onFailed)
      return
    }
    link.lastUsedMs = this.#upkeep.nowMs
    const isLoaded = entry.acquiredPerSecond > this.#options.growAtPerSecond * entry.links.length
    if ((isLoaded || link.connection.bufferedBytes >= this.#options.growAtBytes) && this.#mayGrow(entry)) this.#dial(entry)
    onReady(link.connection)
  }

  states(): LinkState[] {
    const nowMs = this.#hub.clock.nowMs()
    return [...this.#entries.values()].map((entry) => entry.snapshot(nowMs))
  }

  /** Closes the links of one key; gives how many. The next acquire dials again, without back-off. */
  close(key: string, reason: string): number {
    const entry = this.#entries.get(key)
    if (entry === undefined) return 0
    entry.failures = 0
    entry.nextAttemptAtMs = 0
    const open = entry.links.filter((link) => link.connection.isOpen)
    for (const link of open) link.connection.close(reason)
    return open.length
  }

  /** The next acquire of this key dials at once, whatever failed before. */
  forgive(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    entry.failures = 0
    entry.nextAttemptAtMs = 0
  }

  /** No new dials; open links go on for transactions that use them and are closed at random moments within `spreadMs`. Resolves when all are gone. */
  async drain(spreadMs: number): Promise<void> {
    this.#isDraining = true
    const { clock, limits } = this.#hub
    for (const entry of this.#entries.values()) {
      for (const dial of entry.dials) dial.abort()
      entry.dials.clear()
      this.#failWaiters(entry, linkFailure('GH-EDGE-DRAINING', '', 503))
      for (const { connection } of entry.links) {
        const close = (): void => connection.close('GH-EDGE-DRAINING' satisfies EdgeCode)
        if (spreadMs === 0) close()
        else clock.after(this.#deps.random() * spreadMs, close)
      }
    }
    const giveUpAtMs = clock.nowMs() + spreadMs + limits.closeTimeoutMs + 1000
    await new Promise<void>((resolve) => {
      const look = (nowMs: number): void => {
        const left = [...this.#entries.values()].flatMap((entry) => entry.links)
        if (nowMs >= giveUpAtMs) for (const { connection } of left) connection.destroy('GH-EDGE-DRAINING' satisfies EdgeCode)
        if (left.length > 0) return
        stopLooking()
        resolve()
      }
      const stopLooking = this.#hub.onSweep(look)
      this.#onEmpty = () => look(0)
      look(0)
    })
    this.#stopSweep()
  }

  #newEntry(target: LinkTarget): LinkEntry | undefined {
    if (this.#entries.size >= this.#options.maxKeys) return undefined
    const entry = new LinkEntry(target, this.#hub.clock.nowMs())
    this.#entries.set(target.key, entry)
    return entry
  }

  #mayGrow(entry: LinkEntry): boolean {
    // One dial at a time: whether a further one is needed shows when it is up.
    if (this.#isDraining || entry.dials.size > 0 || entry.linkCount >= Math.max(1, Math.min(4, entry.target.links))) return false
    return entry.failures === 0 || this.#hub.clock.nowMs() >= entry.nextAttemptAtMs
  }

  #wait(entry: LinkEntry, onReady: (link: EdgeConnection) => void, onFailed: (failure: LinkFailure) => void): void {
    const nowMs = this.#hub.clock.nowMs()
    const refusal = this.#refusalNow(entry, nowMs)
    if (refusal !== undefined) {
      onFailed(refusal)
      return
    }
    entry.waiters.push({ onReady, onFailed, deadlineMs: nowMs + this.#options.waitTimeoutMs })
    if (this.#mayGrow(entry)) this.#dial(entry)
    else if (entry.dials.size === 0) this.#planRetry(entry, nowMs)
  }

  /** Why waiting would be in vain. */
  #refusalNow(entry: LinkEntry, nowMs: number): LinkFailure | undefined {
    if (this.#isDraining) return linkFailure('GH-EDGE-DRAINING', '', 503)
    if (entry.waiters.length >= this.#options.maxWaitingPerKey) {
      return linkFailure('GH-EDGE-LINK-QUEUE-FULL', `${entry.waiters.length} waiting`, 503)
    }
    if (entry.dials.size > 0 || this.#mayGrow(entry)) return undefined
    if (entry.links.some((link) => link.connection.isOpen && link.retireAtMs === undefined)) {
      return linkFailure('GH-EDGE-LINK-SATURATED', `${entry.links.length} links`, 503)
    }
    const { lastFailure } = entry
    const isInVain =
      entry.nextAttemptAtMs - nowMs > this.#options.waitTimeoutMs || (lastFailure !== undefined && LASTING.has(lastFailure.code))
    return isInVain ? lastFailure : undefined
  }

  #dial(entry: LinkEntry): void {
    entry.cancelRetry?.()
    entry.cancelRetry = undefined
    const { target } = entry
    const deps: LinkDialDeps = {
      ...this.#deps,
      identity: this.#deps.identityFor(target.side),
      options: this.#options,
      isPenalised: (host) => (entry.penaltyUntilMs.get(host) ?? 0) > this.#hub.clock.nowMs(),
      penalise: (host) => void entry.penaltyUntilMs.set(host, this.#hub.clock.nowMs() + this.#options.targetPenaltyMs),
    }
    const dial: LinkDial = new LinkDial(
      target,
      deps,
      (dialed) => {
        entry.dials.delete(dial)
        this.#opened(entry, target, dialed)
      },
      (failure) => {
        entry.dials.delete(dial)
        this.#failed(entry, failure)
      },
    )
    entry.dials.add(dial)
    entry.noteState(this.#hub.clock.nowMs())
    dial.start()
  }

  #opened(entry: LinkEntry, target: LinkTarget, dialed: DialedSocket): void {
    let link: Link | undefined
    const connection = this.#hub.open(
      dialed.socket,
      {
        side: target.side,
        isDialed: true,
        peer: dialed.peer,
        chain: dialed.chain,
        remote: { address: dialed.address, port: dialed.port },
        dialedKey: target.key,
        refit: (identity) => judgeLink(identity, target, dialed.host)?.detail,
        onActivity: (chunk) => {
          if (link !== undefined) this.#upkeep.noteActivity(link, chunk)
        },
      },
      (reason) => {
        if (link !== undefined) this.#gone(entry, link, reason)
      },
    )
    link = this.#upkeep.track(connection, dialed.host, this.#hub.clock.nowMs())
    entry.links.push(link)
    entry.penaltyUntilMs.delete(`${dialed.host}:${dialed.port}`)
    entry.noteState(this.#hub.clock.nowMs())
    this.#hub.log.info(
      { side: target.side, link: target.key, host: dialed.host, address: dialed.address, tls: connection.tlsVersion },
      'link up',
    )
    this.#serveWaiters(entry)
  }

  #serveWaiters(entry: LinkEntry): void {
    const { waiters } = entry
    entry.waiters = []
    for (const waiter of waiters) {
      const link = entry.pick()
      if (link === undefined) entry.waiters.push(waiter)
      else {
        link.lastUsedMs = this.#upkeep.nowMs
        waiter.onReady(link.connection)
      }
    }
    if (entry.waiters.length > 0 && this.#mayGrow(entry)) this.#dial(entry)
  }

  #gone(entry: LinkEntry, link: Link, reason: string): void {
    entry.links = entry.links.filter((other) => other !== link)
    const { connection, host } = link
    const nowMs = this.#hub.clock.nowMs()
    this.#hub.log.info({ side: connection.side, link: entry.target.key, host, code: reason }, 'link down')
    const isProven = connection.hasReceived || nowMs - connection.openedAtMs >= this.#options.provenAfterMs
    if (!isProven && REJECTIONS.has(reason)) {
      entry.penaltyUntilMs.set(`${host}:${connection.remote.port}`, nowMs + this.#options.targetPenaltyMs)
      this.#failed(entry, linkFailure('GH-EDGE-LINK-REJECTED', `${host} (${connection.remote.address}:${connection.remote.port})`))
    } else if (entry.waiters.length > 0 && this.#mayGrow(entry)) this.#dial(entry)
    entry.noteState(nowMs)
    this.#onEmpty?.()
  }

  #failed(entry: LinkEntry, failure: LinkFailure): void {
    const nowMs = this.#hub.clock.nowMs()
    entry.failures += 1
    entry.lastFailure = failure
    const { backOffBaseMs, backOffCapMs } = this.#options
    const delayMs = backOffMs(entry.failures, { baseMs: backOffBaseMs, capMs: backOffCapMs }, this.#deps.random)
    entry.nextAttemptAtMs = nowMs + delayMs
    entry.noteState(nowMs)
    const facts = {
      code: failure.code,
      side: entry.target.side,
      link: entry.target.key,
      detail: failure.detail,
      retryInMs: Math.round(delayMs),
    }
    this.#hub.log.warn(facts, 'link failed')
    if (LASTING.has(failure.code)) this.#failWaiters(entry, failure)
    else {
      const waiters = entry.waiters
      entry.waiters = waiters.filter((waiter) => waiter.deadlineMs > entry.nextAttemptAtMs)
      for (const waiter of waiters) if (waiter.deadlineMs <= entry.nextAttemptAtMs) waiter.onFailed(failure)
    }
    this.#planRetry(entry, nowMs)
  }

  #planRetry(entry: LinkEntry, nowMs: number): void {
    if (entry.waiters.length === 0 || entry.cancelRetry !== undefined) return
    entry.cancelRetry = this.#hub.clock.after(Math.max(0, entry.nextAttemptAtMs - nowMs), () => {
      entry.cancelRetry = undefined
      if (entry.waiters.length > 0 && !this.#isDraining && entry.dials.size === 0) this.#dial(entry)
    })
  }

  #failWaiters(entry: LinkEntry, failure: LinkFailure): void {
    const { waiters } = entry
    entry.waiters = []
    entry.cancelRetry?.()
    entry.cancelRetry = undefined
    for (const waiter of waiters) waiter.onFailed(failure)
  }

  #sweep(nowMs: number): void {
    this.#upkeep.sweep(this.#entries.values(), nowMs)
    for (const [key, entry] of this.#entries) {
      this.#expireWaiters(entry, nowMs)
      entry.noteState(nowMs)
      if (entry.isForgettable(nowMs, this.#options.backOffCapMs)) this.#entries.delete(key)
    }
  }

  #expireWaiters(entry: LinkEntry, nowMs: number): void {
    const first = entry.waiters[0]
    if (first === undefined || nowMs < first.deadlineMs) return
    const isLate = (waiter: Waiter): boolean => nowMs >= waiter.deadlineMs
    const late = entry.waiters.filter(isLate)
    entry.waiters = entry.waiters.filter((waiter) => !isLate(waiter))
    const failure =
      entry.failures > 0 && entry.lastFailure !== undefined ? entry.lastFailure : linkFailure('GH-EDGE-LINK-WAIT', entry.target.key)
    for (const waiter of late) waiter.onFailed(failure)
  }
}
