import type { AddressInfo, BlockList, Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { TLSSocket } from 'node:tls'

import { errorsOf } from '@gatehouse/errors'
import type { EdgeSide } from '@gatehouse/im-model'

import type { ChainValidator, EdgeConnection, RemoteEndpoint } from './connection.ts'
import type { EdgeCode } from './edge-codes.ts'
import { edgeCodes } from './edge-codes.ts'
import type { EdgeHub } from './edge-hub.ts'
import type { EdgeIdentity } from './edge-identity.ts'
import type { EdgeLimits } from './limits.ts'
import { takePresentedChain } from './presented-chain.ts'
import { maxProxyHeaderBytes, parseProxyHeader, startsLikeProxyHeader } from './proxy-protocol.ts'
import { isListed, parseCidrs, plainAddress } from './source-address.ts'
import { SourceLimits } from './source-limits.ts'

export interface EdgeListenerConfig {
  readonly side: EdgeSide
  readonly address: string
  readonly port: number
  /** CIDRs that must send a PROXY protocol v2 header; one from elsewhere is refused. */
  readonly proxyProtocolFrom: readonly string[]
  /** Over the hub's. */
  readonly limits?: Partial<EdgeLimits>
}

export interface EdgeListenerDeps {
  readonly hub: EdgeHub
  readonly validator: ChainValidator
  /** Asked for every new connection, so that a reload takes effect at once. */
  readonly identity: () => EdgeIdentity
  readonly random: () => number
}

/** A TCP connection on its way to become an `EdgeConnection`. */
interface Candidate {
  readonly raw: Socket
  tls: TLSSocket | undefined
  remote: RemoteEndpoint
  /** True when `SourceLimits` counted it. */
  isCounted: boolean
  deadlineMs: number
  readonly startedAtMs: number
  timeoutCode: EdgeCode
  isOver: boolean
}

const errors = errorsOf(edgeCodes)

/** How often a connection that is to go is looked at: often enough to find a gap in a stream of requests. */
const QUIET_LOOK_MS = 2

/** Accepts TLS connections of one side, judges who is there and hands them to the hub. */
export class EdgeListener {
  readonly #config: EdgeListenerConfig
  readonly #deps: EdgeListenerDeps
  readonly #limits: EdgeLimits
  readonly #server: Server
  readonly #sources: SourceLimits
  readonly #proxies: BlockList | undefined
  readonly #candidates = new Set<Candidate>()
  readonly #connections = new Set<EdgeConnection>()
  readonly #refusals = new Map<EdgeCode, number>()
  #stopSweep: (() => void) | undefined
  #isStopped = false
  #onEmpty: (() => void) | undefined

  constructor(config: EdgeListenerConfig, deps: EdgeListenerDeps) {
    this.#config = config
    this.#deps = deps
    this.#limits = { ...deps.hub.limits, ...config.limits }
    this.#sources = new SourceLimits(this.#limits)
    this.#proxies = config.proxyProtocolFrom.length === 0 ? undefined : parseCidrs(config.proxyProtocolFrom)
    if (config.proxyProtocolFrom.length > 0 && this.#proxies === undefined) {
      throw errors('GH-EDGE-CONFIG', `proxyProtocolFrom: ${config.proxyProtocolFrom.join(', ')}`)
    }
    // RFC 5626 §3.5: TCP keep-alive finds peers that went away without a word; Nagle would hold small messages back.
    this.#server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, (raw) => this.#accepted(raw))
  }

  /** Connections accepted and still open. */
  get connectionCount(): number {
    return this.#connections.size
  }

  /** Connections whose handshake is not over. */
  get pendingCount(): number {
    return this.#candidates.size
  }

  /** Listens. Rejects with GH-EDGE-LISTEN. */
  start(): Promise<{ address: string; port: number }> {
    const { address, port, side } = this.#config
    this.#stopSweep = this.#deps.hub.onSweep((nowMs) => this.#sweep(nowMs))
    return new Promise((resolve, reject) => {
      const onError = (error: Error): void => {
        this.#stopSweep?.()
        reject(errors('GH-EDGE-LISTEN', `${side} ${address}:${port}: ${error.message}`, { cause: error }))
      }
      this.#server.once('error', onError)
      // A backlog deep enough for a mass reconnect; the kernel caps it at its own limit.
      this.#server.listen({ host: address, port, backlog: 1024 }, () => {
        this.#server.off('error', onError)
        this.#server.on('error', (error) => this.#deps.hub.log.error({ side, detail: error.message }, 'listener error'))
        const bound = this.#server.address() as AddressInfo
        this.#deps.hub.log.info({ side, address: bound.address, port: bound.port }, 'listening')
        resolve({ address: bound.address, port: bound.port })
      })
    })
  }

  /** No new connections; handshakes under way and open connections go on. */
  stopAccepting(): void {
    if (this.#server.listening) this.#server.close()
  }

  /**
   * Peers move on to another replica: no new connections, and each open one is closed at a moment when `isQuiet`, at random
   * within `spreadMs`, so that no request is refused and partners do not all reconnect at once. What is never quiet stays open.
   */
  async handOver(spreadMs: number, isQuiet: (connection: EdgeConnection) => boolean): Promise<void> {
    this.stopAccepting()
    const { clock } = this.#deps.hub
    const endsAtMs = clock.nowMs() + spreadMs
    // The second half is for those that are busy when their turn comes.
    const turns = new Map([...this.#connections].map((connection) => [connection, clock.nowMs() + (this.#deps.random() * spreadMs) / 2]))
    while (this.#connections.size > 0 && clock.nowMs() < endsAtMs) {
      for (const connection of this.#connections) {
        if ((turns.get(connection) ?? 0) <= clock.nowMs() && isQuiet(connection)) connection.close('GH-EDGE-DRAINING' satisfies EdgeCode)
      }
      await new Promise<void>((resolve) => clock.after(QUIET_LOOK_MS, resolve))
    }
  }

  /** Closes what is open and resolves when all are gone. */
  async stop(): Promise<void> {
    this.stopAccepting()
    this.#isStopped = true
    for (const candidate of this.#candidates) this.#refuse(candidate, 'GH-EDGE-DRAINING', '')
    const { hub } = this.#deps
    for (const connection of this.#connections) connection.close('GH-EDGE-DRAINING' satisfies EdgeCode)
    await new Promise<void>((resolve) => {
      const stopWaiting = hub.onSweep((nowMs) => finish(nowMs))
      const giveUpAtMs = hub.clock.nowMs() + this.#limits.closeTimeoutMs + 1000
      const finish = (nowMs: number): void => {
        if (nowMs >= giveUpAtMs) for (const connection of this.#connections) connection.destroy('GH-EDGE-DRAINING' satisfies EdgeCode)
        if (this.#connections.size > 0) return
        stopWaiting()
        this.#onEmpty = undefined
        resolve()
      }
      this.#onEmpty = () => finish(0)
      finish(0)
    })
    this.#stopSweep?.()
  }

  #accepted(raw: Socket): void {
    const { hub } = this.#deps
    const nowMs = hub.clock.nowMs()
    const candidate: Candidate = {
      raw,
      tls: undefined,
      remote: { address: plainAddress(raw.remoteAddress ?? ''), port: raw.remotePort ?? 0 },
      isCounted: false,
      startedAtMs: nowMs,
      deadlineMs: nowMs + this.#limits.handshakeTimeoutMs,
      timeoutCode: 'GH-EDGE-HANDSHAKE-TIMEOUT',
      isOver: false,
    }
    raw.on('error', (error) => this.#refuse(candidate, 'GH-EDGE-HANDSHAKE-FAILED', error.message))
    raw.on('close', () => this.#refuse(candidate, 'GH-EDGE-HANDSHAKE-FAILED', 'closed by the peer'))
    const refusal = this.#refusalNow(candidate)
    if (refusal !== undefined) {
      this.#drop(candidate, refusal)
      return
    }
    this.#candidates.add(candidate)
    if (this.#proxies === undefined) this.#admit(candidate)
    else this.#readFirstBytes(candidate, isListed(this.#proxies, candidate.remote.address))
  }

  #refusalNow(candidate: Candidate): EdgeCode | undefined {
    if (this.#isStopped || candidate.remote.address === '') return 'GH-EDGE-DRAINING'
    if (this.#connections.size + this.#candidates.size >= this.#limits.maxConnections) return 'GH-EDGE-TOO-MANY-CONNECTIONS'
    return this.#candidates.size >= this.#limits.maxPendingHandshakes ? 'GH-EDGE-TOO-MANY-HANDSHAKES' : undefined
  }

  #admit(candidate: Candidate): void {
    const code = this.#sources.admit(candidate.remote.address, this.#deps.hub.clock.nowMs())
    if (code !== undefined) {
      this.#refuse(candidate, code, '')
      return
    }
    candidate.isCounted = true
    this.#startTls(candidate)
  }

  /** On a listener with PROXY protocol every connection's first bytes are looked at: required from the listed, refused from others. */
  #readFirstBytes(candidate: Candidate, isRequired: boolean): void {
    const { raw } = candidate
    if (isRequired) {
      candidate.deadlineMs = candidate.startedAtMs + this.#limits.proxyHeaderTimeoutMs
      candidate.timeoutCode = 'GH-EDGE-PROXY-TIMEOUT'
    }
    let seen: Buffer = Buffer.alloc(0)
    const onReadable = (): void => {
      const chunk = raw.read() as Buffer | null
      if (chunk === null || candidate.isOver) return
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk])
      const restFrom = isRequired ? this.#applyProxyHeader(candidate, seen) : this.#refuseProxyHeader(candidate, seen)
      if (restFrom === undefined) return
      raw.off('readable', onReadable)
      if (restFrom < seen.length) raw.unshift(seen.subarray(restFrom))
      this.#admit(candidate)
    }
    raw.on('readable', onReadable)
  }

  /** Where TLS starts in `seen`; undefined when more is needed or the candidate was refused. */
  #applyProxyHeader(candidate: Candidate, seen: Buffer): number | undefined {
    const header = parseProxyHeader(seen.length > maxProxyHeaderBytes ? seen.subarray(0, maxProxyHeaderBytes) : seen)
    if (header.status === 'more') return undefined
    if (header.status === 'invalid') {
      this.#refuse(candidate, 'GH-EDGE-PROXY-INVALID', header.detail)
      return undefined
    }
    if (header.source !== undefined) candidate.remote = { address: plainAddress(header.source.address), port: header.source.port }
    candidate.deadlineMs = this.#deps.hub.clock.nowMs() + this.#limits.handshakeTimeoutMs
    candidate.timeoutCode = 'GH-EDGE-HANDSHAKE-TIMEOUT'
    return header.lengthBytes
  }

  #refuseProxyHeader(candidate: Candidate, seen: Buffer): number | undefined {
    if (!startsLikeProxyHeader(seen)) return 0
    this.#refuse(candidate, 'GH-EDGE-PROXY-REFUSED', '')
    return undefined
  }

  #startTls(candidate: Candidate): void {
    // rejectUnauthorized is off because OpenSSL cannot judge by our rules; #judge does, for every connection, before any data is read.
    const tls = new TLSSocket(candidate.raw, {
      isServer: true,
      secureContext: this.#deps.identity().context,
      requestCert: true,
      rejectUnauthorized: false,
    })
    candidate.tls = tls
    // Before the handshake is over a server-side TLSSocket tells its errors through this event only.
    tls.on('_tlsError', (error: Error) => this.#refuse(candidate, 'GH-EDGE-HANDSHAKE-FAILED', error.message))
    tls.on('error', (error) => this.#refuse(candidate, 'GH-EDGE-HANDSHAKE-FAILED', error.message))
    tls.on('close', () => this.#refuse(candidate, 'GH-EDGE-HANDSHAKE-FAILED', 'closed during the handshake'))
    tls.once('secure', () => void this.#judge(candidate, tls))
  }

  async #judge(candidate: Candidate, tls: TLSSocket): Promise<void> {
    const { hub, validator } = this.#deps
    const chain = takePresentedChain(tls)
    const peer = await validator.validate(chain)
    if (tls.destroyed) this.#refuse(candidate, 'GH-EDGE-HANDSHAKE-FAILED', 'closed during the handshake')
    if (candidate.isOver) return
    candidate.isOver = true
    this.#candidates.delete(candidate)
    tls.removeAllListeners('_tlsError')
    hub.metrics.handshakeCompleted(this.#config.side, false, hub.clock.nowMs() - candidate.startedAtMs)
    const { address } = candidate.remote
    const facts = {
      side: this.#config.side,
      isDialed: false,
      peer,
      chain,
      remote: candidate.remote,
      dialedKey: undefined,
      refit: undefined,
      onActivity: undefined,
    }
    const connection = hub.open(tls, facts, () => {
      this.#connections.delete(connection)
      this.#sources.release(address)
      if (this.#connections.size === 0) this.#onEmpty?.()
    })
    this.#connections.add(connection)
    if (this.#isStopped) connection.close('GH-EDGE-DRAINING' satisfies EdgeCode)
  }

  /** Ends a candidate that takes a place. Without effect once it became a connection or was refused. */
  #refuse(candidate: Candidate, code: EdgeCode, detail: string): void {
    if (candidate.isOver) return
    this.#candidates.delete(candidate)
    if (candidate.isCounted) this.#sources.release(candidate.remote.address)
    this.#drop(candidate, code)
    this.#deps.hub.log.debug({ code, side: this.#config.side, peer: candidate.remote.address, detail }, 'connection refused')
  }

  #drop(candidate: Candidate, code: EdgeCode): void {
    candidate.isOver = true
    candidate.tls?.destroy()
    candidate.raw.destroy()
    this.#deps.hub.metrics.connectionRefused(this.#config.side, code)
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1)
  }

  #sweep(nowMs: number): void {
    for (const candidate of this.#candidates) {
      if (nowMs >= candidate.deadlineMs) this.#refuse(candidate, candidate.timeoutCode, '')
    }
    this.#sources.sweep(nowMs)
    if (this.#refusals.size === 0) return
    // One line per second at most, however hard somebody knocks.
    this.#deps.hub.log.info({ side: this.#config.side, refused: Object.fromEntries(this.#refusals) }, 'connections refused')
    this.#refusals.clear()
  }
}
