import type { Socket } from 'node:net'
import { connect as connectTcp } from 'node:net'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { connect } from 'node:tls'

import type { Issued } from '@gatehouse/lab'
import { Authority } from '@gatehouse/lab'

import type { EdgeConnection, EdgeLog } from '../connection.ts'
import { EdgeHub } from '../edge-hub.ts'
import type { EdgeIdentity } from '../edge-identity.ts'
import type { EdgeListenerConfig } from '../edge-listener.ts'
import { EdgeListener } from '../edge-listener.ts'
import type { EdgeLimits } from '../limits.ts'
import { createEdgeContext } from '../tls-context.ts'
import { ManualClock } from './manual-clock.ts'
import { RecordingHandler } from './recording-handler.ts'
import { RecordingMetrics } from './recording-metrics.ts'
import { SignatureValidator } from './signature-validator.ts'

export interface LogLine {
  readonly level: string
  readonly facts: Record<string, unknown>
  readonly text: string
}

export type ClientOptions = ConnectionOptions & { readonly localAddress?: string }

/** A log that keeps its lines. */
export function recordingLog(): EdgeLog & { lines: LogLine[] } {
  const lines: LogLine[] = []
  const at =
    (level: string) =>
    (facts: object, text: string): void =>
      void lines.push({ level, facts: facts as Record<string, unknown>, text })
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

export function identityOf(issued: Issued): EdgeIdentity {
  return {
    context: createEdgeContext(issued.chainPem, issued.keyPem),
    names: [],
    notAfterMs: 0,
    fingerprint: issued.fingerprint,
  }
}

/** One edge on loopback with everything a socket test needs; certificates are made once per process. */
export class EdgeFixture {
  static readonly root: Authority = Authority.create({ name: 'Fixture Root' })
  static readonly intermediate: Authority = EdgeFixture.root.intermediate({ name: 'Fixture Intermediate' })
  static readonly own: Issued = EdgeFixture.intermediate.issue({ dns: ['sip.contoso.example'] })
  static readonly partner: Issued = EdgeFixture.intermediate.issue({ dns: ['sip.fabrikam.example'], eku: ['serverAuth'] })

  readonly clock = new ManualClock()
  readonly handler = new RecordingHandler()
  readonly metrics = new RecordingMetrics()
  readonly log = recordingLog()
  readonly validator = new SignatureValidator({ fixture: EdgeFixture.root.certPem })
  readonly hub: EdgeHub
  readonly listener: EdgeListener
  identity: EdgeIdentity = identityOf(EdgeFixture.own)
  port = 0
  readonly #clients = new Set<Socket>()

  constructor(options: { limits?: Partial<EdgeLimits>; listener?: Partial<EdgeListenerConfig> } = {}) {
    const { handler, metrics, log, clock } = this
    this.hub = new EdgeHub({ handler, metrics, log, clock, limits: options.limits ?? {} })
    const config: EdgeListenerConfig = { side: 'external', address: '127.0.0.1', port: 0, proxyProtocolFrom: [], ...options.listener }
    this.listener = new EdgeListener(config, {
      hub: this.hub,
      validator: this.validator,
      identity: () => this.identity,
      random: () => 0.5,
    })
  }

  async start(): Promise<this> {
    this.port = (await this.listener.start()).port
    return this
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy()
    await this.listener.stop()
    this.hub.stop()
  }

  /** A TLS client with the partner's certificate. Errors are kept from ending the test. */
  tlsClient(options: ClientOptions = {}): TLSSocket {
    const { chainPem, keyPem } = EdgeFixture.partner
    const socket = connect({
      host: '127.0.0.1',
      port: this.port,
      cert: chainPem,
      key: keyPem,
      rejectUnauthorized: false,
      servername: 'sip.contoso.example',
      ...options,
    })
    return this.#keep(socket)
  }

  tcpClient(): Socket {
    return this.#keep(connectTcp({ host: '127.0.0.1', port: this.port }))
  }

  /** A client whose connection the edge has opened, ready on both ends. */
  async openPair(options: ClientOptions = {}): Promise<{ client: TLSSocket; connection: EdgeConnection }> {
    const opening = this.handler.nextOpen()
    const client = this.tlsClient(options)
    const [connection] = await Promise.all([opening, onceOf(client, 'secureConnect')])
    return { client, connection }
  }

  #keep<T extends Socket>(socket: T): T {
    this.#clients.add(socket)
    socket.on('error', () => {})
    return socket
  }
}

/** Resolves with everything the socket receives until it ends or closes. */
export function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve) => socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1'))))
}

/** Resolves when the event comes. */
export function onceOf(socket: Socket, event: string): Promise<unknown> {
  return new Promise((resolve) => socket.once(event, resolve))
}
