import type { TLSSocket } from 'node:tls'

import type { PeerIdentity } from '@gatehouse/im-model'

import type { ChainValidator, ConnectionId, EdgeClock, EdgeConnection, EdgeHandler, EdgeLog, EdgeMetrics } from './connection.ts'
import type { SocketFacts } from './edge-socket.ts'
import { EdgeSocket } from './edge-socket.ts'
import type { EdgeLimits } from './limits.ts'
import { defaultEdgeLimits } from './limits.ts'

export interface EdgeHubDeps {
  readonly handler: EdgeHandler
  readonly log: EdgeLog
  readonly clock: EdgeClock
  readonly metrics: EdgeMetrics
  /** Over the defaults. */
  readonly limits?: Partial<EdgeLimits>
  /** Runs once when the current event-loop turn's input was handled; `setImmediate` unless a test says otherwise. */
  readonly afterTurn?: (run: () => void) => void
}

/** How often deadlines are looked at: one timer for all connections instead of several per connection. */
const SWEEP_INTERVAL_MS = 1000

/** Every open connection of the process, accepted or dialed: ids, flushing once per turn, deadlines, re-validation. */
export class EdgeHub {
  readonly handler: EdgeHandler
  readonly log: EdgeLog
  readonly clock: EdgeClock
  readonly metrics: EdgeMetrics
  readonly limits: EdgeLimits
  #lastId = 0
  readonly #open = new Map<ConnectionId, EdgeSocket>()
  readonly #sweepers = new Set<(nowMs: number) => void>()
  readonly #afterTurn: (run: () => void) => void
  #dirty: EdgeSocket[] = []
  #isFlushPlanned = false
  readonly #flush = (): void => this.#flushDirty()
  readonly #stopSweep: () => void

  constructor(deps: EdgeHubDeps) {
    this.handler = deps.handler
    this.log = deps.log
    this.clock = deps.clock
    this.metrics = deps.metrics
    this.limits = { ...defaultEdgeLimits, ...deps.limits }
    this.#afterTurn = deps.afterTurn ?? ((run) => void setImmediate(run))
    this.#stopSweep = deps.clock.every(SWEEP_INTERVAL_MS, () => this.sweep())
  }

  get openCount(): number {
    return this.#open.size
  }

  connections(): IterableIterator<EdgeConnection> {
    return this.#open.values()
  }

  find(id: ConnectionId): EdgeConnection | undefined {
    return this.#open.get(id)
  }

  /** Makes a judged TLS socket a connection and tells the handler. `onGone` runs after the handler's `onClosed`. */
  open(socket: TLSSocket, facts: SocketFacts, onGone: (reason: string) => void): EdgeSocket {
    this.#lastId += 1
    const connection = new EdgeSocket(this.#lastId, this, socket, facts, (reason) => {
      this.#open.delete(connection.id)
      this.metrics.connectionClosed(connection.side, connection.isDialed, reason)
      this.handler.onClosed(connection, reason)
      onGone(reason)
    })
    this.#open.set(connection.id, connection)
    this.metrics.connectionOpened(connection.side, connection.isDialed)
    this.handler.onOpen(connection)
    connection.start()
    return connection
  }

  /** Registers something that has deadlines of its own; the returned function unregisters. */
  onSweep(run: (nowMs: number) => void): () => void {
    this.#sweepers.add(run)
    return () => void this.#sweepers.delete(run)
  }

  /** Looks at every deadline. Called by the clock; tests call it. */
  sweep(): void {
    const nowMs = this.clock.nowMs()
    for (const connection of this.#open.values()) connection.sweep(nowMs)
    for (const run of this.#sweepers) run(nowMs)
  }

  /** Called by connections: flush me at the end of this turn. */
  planFlush(connection: EdgeSocket): void {
    this.#dirty.push(connection)
    if (this.#isFlushPlanned) return
    this.#isFlushPlanned = true
    this.#afterTurn(this.#flush)
  }

  /**
   * Judges every peer again, after CAs or CRLs changed. Those that no longer pass are cut; the others carry the new identity.
   * `isStillFit` may refuse more (a dialed link whose trust store was taken away). Gives how many were cut.
   */
  async revalidate(validator: ChainValidator): Promise<number> {
    let cut = 0
    for (const connection of [...this.#open.values()]) {
      if (!connection.isOpen) continue
      const identity = await validator.validate(connection.chain)
      if (!connection.isOpen) continue
      if (this.#isCut(connection, identity)) cut += 1
    }
    return cut
  }

  /** Stops the deadlines; connections are the business of the listeners and the pool. */
  stop(): void {
    this.#stopSweep()
    this.#sweepers.clear()
  }

  #isCut(connection: EdgeSocket, identity: PeerIdentity): boolean {
    const refusal = identity.isAuthenticated ? connection.refit?.(identity) : (identity.refusal?.detail ?? 'not authenticated')
    if (refusal === undefined || !connection.peer.isAuthenticated) {
      connection.peer = identity
      return false
    }
    this.log.warn(
      {
        code: 'GH-EDGE-NO-LONGER-TRUSTED',
        side: connection.side,
        peer: connection.remote.address,
        detail: refusal,
        serial: identity.serial,
      },
      'peer cut after a change of CAs or CRLs',
    )
    connection.destroy('GH-EDGE-NO-LONGER-TRUSTED')
    return true
  }

  #flushDirty(): void {
    this.#isFlushPlanned = false
    const dirty = this.#dirty
    this.#dirty = []
    for (const connection of dirty) connection.flush()
  }
}
