import type { TLSSocket } from 'node:tls'

import type { EdgeSide, PeerIdentity } from '@gatehouse/im-model'

import type { ConnectionId, EdgeConnection, RemoteEndpoint } from './connection.ts'
import type { EdgeCode } from './edge-codes.ts'
import type { EdgeHub } from './edge-hub.ts'

/** What is known about a TLS socket when it becomes a connection. */
export interface SocketFacts {
  readonly side: EdgeSide
  readonly isDialed: boolean
  readonly peer: PeerIdentity
  /** As presented, DER, leaf first; kept so that the peer can be judged again when CAs or CRLs change. */
  readonly chain: readonly Uint8Array[]
  readonly remote: RemoteEndpoint
  readonly dialedKey: string | undefined
  /** Says why a new identity does not fit this connection's purpose any more. */
  readonly refit: ((identity: PeerIdentity) => string | undefined) | undefined
  /** Sees every chunk before the handler. */
  readonly onActivity: ((chunk: Buffer) => void) | undefined
}

/** A TLS record holds 16 KiB; beyond a few of them waiting for the end of the turn gains nothing. */
const FLUSH_AT_BYTES = 65_536

const NO_PARTS: readonly (string | Uint8Array)[] = Object.freeze([])

/** The one implementation of `EdgeConnection`: a judged TLS socket. */
export class EdgeSocket implements EdgeConnection {
  readonly id: ConnectionId
  readonly side: EdgeSide
  readonly isDialed: boolean
  readonly remote: RemoteEndpoint
  readonly dialedKey: string | undefined
  readonly tlsVersion: string
  readonly openedAtMs: number
  readonly chain: readonly Uint8Array[]
  readonly refit: ((identity: PeerIdentity) => string | undefined) | undefined
  peer: PeerIdentity
  context: unknown = undefined
  isOpen = true
  /** When anything last passed, to the second: set by the sweep. */
  lastActiveMs: number
  hasReceived = false

  readonly #hub: EdgeHub
  readonly #socket: TLSSocket
  readonly #onGone: (reason: string) => void
  readonly #onActivity: ((chunk: Buffer) => void) | undefined
  #parts: (string | Uint8Array)[] = NO_PARTS as (string | Uint8Array)[]
  #pendingBytes = 0
  #acceptedBytes = 0
  #progressBytes = 0
  #progressAtMs: number
  #isAboveHigh = false
  #wasActive = false
  #pauses: Set<string> | undefined
  #closeDeadlineMs = Number.POSITIVE_INFINITY
  #reason: string | undefined

  constructor(id: ConnectionId, hub: EdgeHub, socket: TLSSocket, facts: SocketFacts, onGone: (reason: string) => void) {
    this.id = id
    this.#hub = hub
    this.#socket = socket
    this.#onGone = onGone
    this.side = facts.side
    this.isDialed = facts.isDialed
    this.peer = facts.peer
    this.chain = facts.chain
    this.remote = facts.remote
    this.dialedKey = facts.dialedKey
    this.refit = facts.refit
    this.#onActivity = facts.onActivity
    this.tlsVersion = socket.getProtocol() ?? 'unknown'
    this.openedAtMs = hub.clock.nowMs()
    this.lastActiveMs = this.openedAtMs
    this.#progressAtMs = this.openedAtMs
  }

  get bufferedBytes(): number {
    return this.#socket.destroyed ? 0 : this.#pendingBytes + this.#socket.writableLength
  }

  /** So much waits that not even what is under way should be added: half of what would end the connection. */
  get isOverfull(): boolean {
    return this.#isAboveHigh && this.bufferedBytes > this.#hub.limits.writeHardBytes / 2
  }

  /** Called by the hub after `onOpen`: data flows from here on. */
  start(): void {
    const socket = this.#socket
    const onError = (error: Error & { code?: string }): void => this.#fail(error)
    socket.on('error', onError)
    // A server-side TLSSocket reports protocol errors here only and does not end by itself.
    socket.on('_tlsError', onError)
    socket.on('drain', () => this.#drained())
    socket.on('end', () => this.#ended())
    socket.on('close', () => this.#closed())
    socket.on('data', (chunk: Buffer) => this.#received(chunk))
    if (this.#pauses !== undefined && this.#pauses.size > 0) socket.pause()
  }

  write(head: string, body: Uint8Array | undefined): boolean {
    if (!this.isOpen) return true
    if (this.#parts === NO_PARTS) {
      this.#parts = []
      this.#hub.planFlush(this)
    }
    let bytes = head.length
    if (bytes > 0) this.#parts.push(head)
    if (body !== undefined && body.length > 0) {
      this.#parts.push(body)
      bytes += body.length
    }
    this.#pendingBytes += bytes
    this.#acceptedBytes += bytes
    this.#wasActive = true
    if (this.#pendingBytes >= FLUSH_AT_BYTES) this.#writeOut()
    const bufferedBytes = this.bufferedBytes
    const limits = this.#hub.limits
    if (bufferedBytes <= limits.writeHighBytes) return true
    this.#isAboveHigh = true
    if (bufferedBytes > limits.writeHardBytes) this.destroy('GH-EDGE-WRITE-OVERFLOW' satisfies EdgeCode)
    return false
  }

  pause(reason: string): void {
    this.#pauses ??= new Set()
    this.#pauses.add(reason)
    this.#socket.pause()
  }

  resume(reason: string): void {
    if (this.#pauses?.delete(reason) !== true || this.#pauses.size > 0) return
    this.#pauses = undefined
    this.#socket.resume()
  }

  close(reason: string): void {
    if (!this.isOpen) return
    this.#writeOut()
    this.isOpen = false
    this.#reason = reason
    this.#closeDeadlineMs = this.#hub.clock.nowMs() + this.#hub.limits.closeTimeoutMs
    this.#socket.end()
    // What the peer still sends is not looked at any more, but has to be read for its end to be seen.
    this.#socket.resume()
  }

  destroy(reason: string): void {
    this.isOpen = false
    this.#reason ??= reason
    this.#parts = NO_PARTS as (string | Uint8Array)[]
    this.#pendingBytes = 0
    this.#socket.destroy()
  }

  /** Called by the hub at the end of a turn in which something was written. */
  flush(): void {
    if (this.#pendingBytes > 0) this.#writeOut()
    this.#parts = NO_PARTS as (string | Uint8Array)[]
  }

  /** Called by the hub about every second with every deadline of this connection. */
  sweep(nowMs: number): void {
    if (nowMs >= this.#closeDeadlineMs) {
      this.#socket.destroy()
      return
    }
    if (!this.isOpen || this.#isStalled(nowMs)) return
    if (this.#wasActive || this.#pauses !== undefined) {
      this.#wasActive = false
      this.lastActiveMs = nowMs
      return
    }
    const limits = this.#hub.limits
    if (!this.isDialed && !this.hasReceived && nowMs - this.openedAtMs >= limits.firstDataTimeoutMs) {
      this.close('GH-EDGE-FIRST-DATA-TIMEOUT' satisfies EdgeCode)
    } else if (nowMs - this.lastActiveMs >= limits.idleTimeoutMs) {
      this.close('GH-EDGE-IDLE' satisfies EdgeCode)
    }
  }

  /** A peer that takes nothing at all for the stall time while something waits for it. */
  #isStalled(nowMs: number): boolean {
    const bufferedBytes = this.bufferedBytes
    const takenBytes = this.#acceptedBytes - bufferedBytes
    if (bufferedBytes === 0 || takenBytes !== this.#progressBytes) {
      this.#progressBytes = takenBytes
      this.#progressAtMs = nowMs
      return false
    }
    if (nowMs - this.#progressAtMs < this.#hub.limits.writeStallTimeoutMs) return false
    this.destroy('GH-EDGE-WRITE-STALLED' satisfies EdgeCode)
    return true
  }

  #writeOut(): void {
    const bytes = this.#pendingBytes
    if (bytes === 0) return
    const parts = this.#parts
    const first = parts[0]
    this.#pendingBytes = 0
    this.#parts = []
    this.#hub.metrics.bytesWritten(this.side, bytes)
    if (parts.length === 1 && typeof first === 'string') {
      this.#socket.write(first, 'latin1')
      return
    }
    const joined = Buffer.allocUnsafe(bytes)
    let offset = 0
    for (const part of parts) {
      if (typeof part === 'string') offset += joined.write(part, offset, 'latin1')
      else {
        joined.set(part, offset)
        offset += part.length
      }
    }
    this.#socket.write(joined)
  }

  #received(chunk: Buffer): void {
    if (!this.isOpen) return
    this.#wasActive = true
    this.hasReceived = true
    this.#hub.metrics.bytesRead(this.side, chunk.length)
    this.#onActivity?.(chunk)
    this.#hub.handler.onData(this, chunk)
  }

  #drained(): void {
    if (!this.#isAboveHigh || !this.isOpen) return
    this.#isAboveHigh = false
    this.#hub.handler.onDrain(this)
  }

  #ended(): void {
    this.isOpen = false
    // Nothing can follow the peer's end: the stream ends our side by itself.
    this.#parts = NO_PARTS as (string | Uint8Array)[]
    this.#pendingBytes = 0
    this.#reason ??= 'GH-EDGE-PEER-CLOSED' satisfies EdgeCode
    // Not every half-closed peer reads on: the far end gets the closing time, too.
    this.#closeDeadlineMs = Math.min(this.#closeDeadlineMs, this.#hub.clock.nowMs() + this.#hub.limits.closeTimeoutMs)
  }

  #fail(error: Error & { code?: string }): void {
    if (this.#reason === undefined) {
      const isNetwork = error.code === 'ECONNRESET' || error.code === 'EPIPE' || error.code === 'ETIMEDOUT'
      this.#reason = (isNetwork ? 'GH-EDGE-PEER-RESET' : 'GH-EDGE-TLS-ERROR') satisfies EdgeCode
      this.#hub.log.info({ code: this.#reason, side: this.side, peer: this.remote.address, detail: error.message }, 'connection broke')
    }
    this.isOpen = false
    this.#socket.destroy()
  }

  #closed(): void {
    this.isOpen = false
    this.#parts = NO_PARTS as (string | Uint8Array)[]
    this.#pendingBytes = 0
    this.#onGone(this.#reason ?? ('GH-EDGE-PEER-CLOSED' satisfies EdgeCode))
  }
}
