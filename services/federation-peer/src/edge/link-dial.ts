import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { connect } from 'node:tls'

import type { PeerIdentity } from '@gatehouse/im-model'
import type { SrvEvidence, SrvTarget } from '@gatehouse/policy-engine'
import { orderTargets } from '@gatehouse/sip-core'

import type { ChainValidator, LinkFailure, LinkResolver, LinkTarget } from './connection.ts'
import type { EdgeCode } from './edge-codes.ts'
import type { EdgeHub } from './edge-hub.ts'
import type { EdgeIdentity } from './edge-identity.ts'
import { judgeLink, linkFailure } from './link-judge.ts'
import type { LinkPoolOptions } from './link-options.ts'
import { takePresentedChain } from './presented-chain.ts'
import { plainAddress } from './source-address.ts'

export interface LinkDialDeps {
  readonly hub: EdgeHub
  readonly validator: ChainValidator
  readonly resolver: LinkResolver
  readonly random: () => number
  readonly identity: EdgeIdentity
  readonly options: LinkPoolOptions
  /** True while a target is to be tried last because it failed lately. */
  readonly isPenalised: (hostAndPort: string) => boolean
  readonly penalise: (hostAndPort: string) => void
}

/** A handshake that was finished and judged good. */
export interface DialedSocket {
  readonly socket: TLSSocket
  readonly peer: PeerIdentity
  readonly chain: readonly Uint8Array[]
  readonly host: string
  readonly address: string
  readonly port: number
}

/** Failures that say more about the peer than "cannot connect"; the last of these is what the operator hears. */
function isTelling(failure: LinkFailure): boolean {
  return failure.code !== ('GH-EDGE-LINK-CONNECT' satisfies EdgeCode)
}

/** One attempt to open one link: the targets in order, each target's addresses in order, until one answers and is the right one. */
export class LinkDial {
  readonly #target: LinkTarget
  readonly #deps: LinkDialDeps
  readonly #onUp: (dialed: DialedSocket) => void
  readonly #onFailed: (failure: LinkFailure) => void
  readonly #giveUpAtMs: number
  #failure: LinkFailure | undefined
  #socket: TLSSocket | undefined
  #isOver = false

  constructor(target: LinkTarget, deps: LinkDialDeps, onUp: (dialed: DialedSocket) => void, onFailed: (failure: LinkFailure) => void) {
    this.#target = target
    this.#deps = deps
    this.#onUp = onUp
    this.#onFailed = onFailed
    this.#giveUpAtMs = deps.hub.clock.nowMs() + deps.options.dialTimeoutMs
  }

  start(): void {
    const { edgeHost, edgePort, srvDomain } = this.#target
    if (edgeHost !== undefined) this.#tryTargets([{ host: edgeHost, port: edgePort, priority: 0, weight: 0 }])
    else if (srvDomain === undefined) this.#fail(linkFailure('GH-EDGE-LINK-NO-RECORD', 'neither an edge name nor a domain'))
    else this.#deps.resolver.lookupSrv(srvDomain, (evidence) => this.#resolved(srvDomain, evidence))
  }

  /** Gives up without a callback. */
  abort(): void {
    this.#isOver = true
    this.#socket?.destroy()
  }

  #resolved(domain: string, evidence: SrvEvidence): void {
    if (this.#isOver) return
    if (evidence.status !== 'found') {
      const code = evidence.status === 'none' ? 'GH-EDGE-LINK-NO-RECORD' : 'GH-EDGE-LINK-DNS'
      this.#fail(linkFailure(code, `${domain}: ${evidence.detail}`))
      return
    }
    const fit = this.#target.sameDomainRule ? evidence.targets.filter((target) => isHostOf(target.host, domain)) : evidence.targets
    if (fit.length === 0) {
      const hosts = evidence.targets.map((target) => target.host).join(', ')
      this.#fail(linkFailure('GH-EDGE-LINK-DOMAIN-RULE', `${domain}: ${hosts}`))
      return
    }
    const ordered = orderTargets(fit, this.#deps.random)
    const isLate = (target: SrvTarget): boolean => this.#deps.isPenalised(`${target.host}:${target.port}`)
    this.#tryTargets([...ordered.filter((target) => !isLate(target)), ...ordered.filter(isLate)])
  }

  #tryTargets(targets: readonly SrvTarget[]): void {
    const [target, ...rest] = targets
    if (target === undefined || this.#deps.hub.clock.nowMs() >= this.#giveUpAtMs) {
      this.#fail(this.#failure ?? linkFailure('GH-EDGE-LINK-CONNECT', 'no target'))
      return
    }
    const next = (failure: LinkFailure): void => {
      if (this.#failure === undefined || isTelling(failure) || !isTelling(this.#failure)) this.#failure = failure
      this.#deps.penalise(`${target.host}:${target.port}`)
      this.#tryTargets(rest)
    }
    if (isIP(target.host) !== 0) {
      this.#tryAddresses(target, [target.host], next)
      return
    }
    this.#deps.resolver.addresses(target.host, (addresses, failure) => {
      if (this.#isOver) return
      if (addresses.length === 0) next(linkFailure('GH-EDGE-LINK-DNS', `${target.host}: ${failure}`))
      else this.#tryAddresses(target, addresses, next)
    })
  }

  /** All addresses of one target; an answer by the wrong peer ends the target, since its other addresses are the same peer. */
  #tryAddresses(target: SrvTarget, addresses: readonly string[], onFailed: (failure: LinkFailure) => void): void {
    const [address, ...rest] = addresses
    if (address === undefined) return
    this.#connect(target, address, (failure, isAnswered) => {
      if (this.#isOver) return
      if (isAnswered || rest.length === 0 || this.#deps.hub.clock.nowMs() >= this.#giveUpAtMs) onFailed(failure)
      else this.#tryAddresses(target, rest, onFailed)
    })
  }

  #connect(target: SrvTarget, address: string, onFailed: (failure: LinkFailure, isAnswered: boolean) => void): void {
    const { hub, identity, options } = this.#deps
    const { host, port } = target
    const where = address === host ? `${host}:${port}` : `${host} (${address}:${port})`
    const startedAtMs = hub.clock.nowMs()
    let isConnected = false
    let isSettled = false
    // rejectUnauthorized is off because OpenSSL cannot judge by our rules; judgeLink does, before the link is used.
    const socket = connect({
      host: address,
      port,
      // RFC 6066 §3: a server name is never an IP address.
      servername: isIP(host) === 0 ? host : '',
      secureContext: identity.context,
      rejectUnauthorized: false,
    })
    this.#socket = socket
    const settle = (failure: LinkFailure, isAnswered: boolean): void => {
      if (isSettled) return
      isSettled = true
      cancelTimeout()
      socket.destroy()
      hub.metrics.dialFailed(this.#target.side, failure.code)
      onFailed(failure, isAnswered)
    }
    const stop = (detail: string): void =>
      settle(linkFailure(isConnected ? 'GH-EDGE-LINK-HANDSHAKE' : 'GH-EDGE-LINK-CONNECT', `${where}: ${detail}`), false)
    const cancelTimeout = hub.clock.after(options.connectTimeoutMs, () => stop('timeout'))
    socket.once('connect', () => {
      isConnected = true
      socket.setNoDelay(true)
      socket.setKeepAlive(true, 30_000)
    })
    const onError = (error: Error): void => stop(error.message)
    const onClose = (): void => stop('closed by the peer')
    socket.on('error', onError)
    socket.on('close', onClose)
    socket.once('secureConnect', () => {
      const chain = takePresentedChain(socket)
      void this.#deps.validator.validate(chain).then((peer) => {
        if (socket.destroyed) stop('closed by the peer')
        if (isSettled) return
        const failure = judgeLink(peer, this.#target, host)
        if (failure !== undefined) {
          settle(failure, true)
          return
        }
        isSettled = true
        cancelTimeout()
        socket.off('error', onError)
        socket.off('close', onClose)
        hub.metrics.handshakeCompleted(this.#target.side, true, hub.clock.nowMs() - startedAtMs)
        this.#up({ socket, peer, chain, host, address: plainAddress(address), port })
      })
    })
  }

  #up(dialed: DialedSocket): void {
    if (this.#isOver) {
      dialed.socket.on('error', () => {})
      dialed.socket.destroy()
      return
    }
    this.#isOver = true
    this.#onUp(dialed)
  }

  #fail(failure: LinkFailure): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#onFailed(failure)
  }
}

/** LCS's same-domain rule: the host's parent domain is the domain itself, not one below or beside it. */
function isHostOf(host: string, domain: string): boolean {
  return host.endsWith(`.${domain}`) && !host.slice(0, -domain.length - 1).includes('.')
}
