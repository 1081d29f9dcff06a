import type { AddressInfo, Socket } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import type { Server, TLSSocket, TlsOptions } from 'node:tls'
import { createServer } from 'node:tls'

import type { Issued } from '@gatehouse/lab'
import type { SrvEvidence } from '@gatehouse/policy-engine'

import type { EdgeConnection, LinkFailure, LinkResolver, LinkTarget } from '../connection.ts'
import { EdgeHub } from '../edge-hub.ts'
import type { EdgeLimits } from '../limits.ts'
import type { LinkPoolOptions } from '../link-options.ts'
import { LinkPool } from '../link-pool.ts'
import { EdgeFixture, identityOf, recordingLog } from './edge-fixture.ts'
import { ManualClock } from './manual-clock.ts'
import { RecordingHandler } from './recording-handler.ts'
import { RecordingMetrics } from './recording-metrics.ts'
import { SignatureValidator } from './signature-validator.ts'

/** DNS that answers from two tables, at once. */
export class TableResolver implements LinkResolver {
  readonly srv = new Map<string, SrvEvidence>()
  readonly hosts = new Map<string, readonly string[]>()

  lookupSrv(domain: string, onDone: (evidence: SrvEvidence) => void): void {
    onDone(this.srv.get(domain) ?? { status: 'none', detail: 'GH-RESOLVE-NONE' })
  }

  addresses(host: string, onDone: (addresses: readonly string[], failure: string) => void): void {
    onDone(this.hosts.get(host) ?? [], this.hosts.has(host) ? '' : 'GH-RESOLVE-NONE')
  }
}

/** A partner's TLS server that keeps its sockets. */
export class PartnerServer {
  readonly sockets: TLSSocket[] = []
  readonly #server: Server
  readonly #raw = new Set<Socket>()
  readonly #awaiting: (() => void)[] = []
  port = 0

  constructor(issued: Issued, options: TlsOptions = {}) {
    const full: TlsOptions = { cert: issued.chainPem, key: issued.keyPem, requestCert: true, rejectUnauthorized: false, ...options }
    this.#server = createServer(full, (socket) => {
      socket.on('error', () => {})
      this.sockets.push(socket)
      for (const done of this.#awaiting.splice(0)) done()
    })
    this.#server.on('tlsClientError', () => {})
    this.#server.on('connection', (raw: Socket) => this.#raw.add(raw))
  }

  /** The first, second … connection, when its handshake is over on this side, too. */
  async socket(index: number): Promise<TLSSocket> {
    while (this.sockets.length <= index) await new Promise<void>((resolve) => this.#awaiting.push(resolve))
    return this.sockets[index] as TLSSocket
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.port = (this.#server.address() as AddressInfo).port
    return this
  }

  async stop(): Promise<void> {
    for (const raw of this.#raw) raw.destroy()
    if (!this.#server.listening) return
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}

/** A port that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}

/** A server that accepts and then says nothing. */
export async function muteServer(): Promise<{ port: number; accepted: Socket[]; stop: () => Promise<void> }> {
  const accepted: Socket[] = []
  const server = createTcpServer((socket) => {
    socket.on('error', () => {})
    accepted.push(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = (): Promise<void> => {
    for (const socket of accepted) socket.destroy()
    return new Promise((resolve) => server.close(() => resolve()))
  }
  return { port: (server.address() as AddressInfo).port, accepted, stop }
}

/** A pool with its hub, over a manual clock. */
export class LinkFixture {
  readonly clock = new ManualClock()
  readonly handler = new RecordingHandler()
  readonly metrics = new RecordingMetrics()
  readonly log = recordingLog()
  readonly validator = new SignatureValidator({ fixture: EdgeFixture.root.certPem })
  readonly resolver = new TableResolver()
  readonly hub: EdgeHub
  readonly pool: LinkPool
  random = 0.5

  constructor(options: Partial<LinkPoolOptions> = {}, limits: Partial<EdgeLimits> = {}) {
    const { handler, metrics, log, clock, validator, resolver } = this
    this.hub = new EdgeHub({ handler, metrics, log, clock, limits })
    this.pool = new LinkPool({
      hub: this.hub,
      validator,
      resolver,
      random: () => this.random,
      identityFor: () => identityOf(EdgeFixture.own),
      options,
    })
    resolver.hosts.set('sip.fabrikam.example', ['127.0.0.1'])
  }

  target(port: number, over: Partial<LinkTarget> = {}): LinkTarget {
    return {
      key: 'fabrikam',
      side: 'external',
      edgeHost: 'sip.fabrikam.example',
      edgePort: port,
      srvDomain: undefined,
      sameDomainRule: false,
      links: 2,
      expect: { names: ['sip.fabrikam.example'], trust: [], pins: [] },
      ...over,
    }
  }

  /** Asks for a link and waits for either answer. */
  acquire(target: LinkTarget): Promise<EdgeConnection | LinkFailure> {
    return new Promise((resolve) => this.pool.acquire(target, resolve, resolve))
  }

  async link(target: LinkTarget): Promise<EdgeConnection> {
    const answer = await this.acquire(target)
    if ('code' in answer) throw new Error(`${answer.code} ${answer.detail}`)
    return answer
  }

  async failure(target: LinkTarget): Promise<LinkFailure> {
    const answer = await this.acquire(target)
    if ('code' in answer) return answer
    throw new Error('a link came up')
  }

  async stop(): Promise<void> {
    const drained = this.pool.drain(0)
    this.clock.advance(10_000)
    await drained
    this.hub.stop()
  }
}
