import { randomBytes } from 'node:crypto'
import { connect as connectTcp } from 'node:net'
import { connect, createServer, type Server, type TLSSocket } from 'node:tls'
import type {
  ClientFailure,
  ClientTransaction,
  ConnectionId,
  ServerTransaction,
  SipMessage,
  SipRequest,
  SipResponse,
  TransactionUser,
} from '@gatehouse/sip-core'
import { createResponse, TransactionLayer } from '@gatehouse/sip-core'
import { SipLink } from './sip-link.ts'

/** Name in the certificate there, IP address and port. */
export interface NextHop {
  readonly host: string
  readonly address: string
  readonly port: number
}

/** A SIP server of the lab: where it listens, what it shows and whom it believes. */
export interface SipServerOptions {
  /** Name in its certificate, in Via and Contact. */
  readonly host: string
  /** IP address to listen on, and to connect from. */
  readonly address: string
  /** 0: the system chooses. */
  readonly port: number
  readonly certificate: { readonly chainPem: string; readonly keyPem: string }
  /** Roots that the other side's certificate must lead to. */
  readonly caPem: string
  /** Where its requests go; may also be given later. */
  readonly nextHop?: NextHop
  /** Sees every message, for transcripts. */
  readonly onTrace?: (direction: 'in' | 'out', message: SipMessage) => void
}

/** What the requests of the other side come to. */
export interface RequestHandler {
  handleRequest(transaction: ServerTransaction, request: SipRequest): void
  handleCancel(transaction: ServerTransaction): void
}

interface Waiting {
  readonly settle: (response: SipResponse) => void
}

/** Transactions over TLS links: requests out with their answers as promises, requests in to the handler. */
export class UserAgentCore implements TransactionUser {
  readonly #options: SipServerOptions
  readonly #handler: RequestHandler
  readonly #layer: TransactionLayer
  readonly #links = new Map<ConnectionId, SipLink>()
  readonly #server: Server
  #port = 0
  #nextLinkId = 1
  #outbound: Promise<SipLink> | undefined
  #timer: NodeJS.Timeout | undefined
  #nextHop: NextHop | undefined

  constructor(options: SipServerOptions, handler: RequestHandler) {
    this.#options = options
    this.#handler = handler
    this.#nextHop = options.nextHop
    this.#layer = new TransactionLayer(this, { newTag: newToken })
    const { chainPem, keyPem } = options.certificate
    this.#server = createServer({
      cert: chainPem,
      key: keyPem,
      ca: options.caPem,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    })
    this.#server.on('secureConnection', (socket) => this.#addLink(socket))
    this.#server.on('tlsClientError', () => {})
  }

  /** The port listened on. */
  get port(): number {
    return this.#port
  }

  /** `host:port` as it stands in Via and Contact. */
  get hostPort(): string {
    return `${this.#options.host}:${this.#port}`
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#options.port, this.#options.address, resolve)
    })
    const bound = this.#server.address()
    this.#port = typeof bound === 'object' && bound !== null ? bound.port : this.#options.port
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    for (const link of this.#links.values()) link.close()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  /**
   * Sends a request without Via to the next hop. Resolves with the final response; one made here (408, 503) where none comes.
   * `onFinal` is called with it before anything that came after it is looked at.
   */
  async request(request: SipRequest, onFinal: (response: SipResponse) => void = () => {}): Promise<SipResponse> {
    request.headers.prepend('Via', `SIP/2.0/TLS ${this.hostPort};branch=z9hG4bK${newToken()}`)
    let link: SipLink
    try {
      link = await this.#outboundLink()
    } catch {
      const response = createResponse(request, 503, 'Next Hop Unreachable')
      onFinal(response)
      return response
    }
    return await new Promise((resolve) => {
      const waiting: Waiting = {
        settle: (response) => {
          onFinal(response)
          resolve(response)
        },
      }
      const started = this.#layer.startClient(link.id, request, performance.now(), waiting)
      if (started === undefined) waiting.settle(createResponse(request, 503))
      this.#arm()
    })
  }

  /** An ACK for a 2xx: sent, never answered (RFC 3261 §13.2.2.4). */
  async sendAck(ack: SipRequest): Promise<void> {
    ack.headers.prepend('Via', `SIP/2.0/TLS ${this.hostPort};branch=z9hG4bK${newToken()}`)
    const link = await this.#outboundLink()
    this.send(link.id, ack)
  }

  respond(transaction: ServerTransaction, response: SipResponse): void {
    this.#layer.respond(transaction, response, performance.now())
    this.#arm()
  }

  /** From the next dialled link on. */
  setNextHop(nextHop: NextHop): void {
    this.#nextHop = nextHop
    this.dropOutboundLink()
  }

  /** Drops the link to the next hop, as a crash would. */
  dropOutboundLink(): void {
    void this.#outbound?.then(
      (link) => link.close(),
      () => {},
    )
    this.#outbound = undefined
  }

  #outboundLink(): Promise<SipLink> {
    if (this.#outbound === undefined) {
      const dialed = this.#dial()
      this.#outbound = dialed
      dialed.catch(() => {
        if (this.#outbound === dialed) this.#outbound = undefined
      })
    }
    return this.#outbound
  }

  #dial(): Promise<SipLink> {
    const { certificate, caPem, address } = this.#options
    const nextHop = this.#nextHop
    if (nextHop === undefined) return Promise.reject(new Error('no next hop'))
    const dialed = new Promise<SipLink>((resolve, reject) => {
      const socket = connect({
        socket: connectTcp({ host: nextHop.address, port: nextHop.port, localAddress: address }),
        servername: nextHop.host,
        cert: certificate.chainPem,
        key: certificate.keyPem,
        ca: caPem,
        minVersion: 'TLSv1.2',
      })
      socket.once('error', reject)
      socket.once('secureConnect', () => resolve(this.#addLink(socket)))
    })
    return dialed
  }

  #addLink(socket: TLSSocket): SipLink {
    const link = new SipLink(this.#nextLinkId++, socket, {
      onMessage: (from, message) => {
        this.#options.onTrace?.('in', message)
        this.#layer.handleMessage(from.id, message, performance.now())
        this.#arm()
      },
      onClosed: (closed) => this.#removeLink(closed),
    })
    this.#links.set(link.id, link)
    return link
  }

  #removeLink(link: SipLink): void {
    this.#links.delete(link.id)
    void this.#outbound?.then(
      (outbound) => {
        if (outbound === link) this.#outbound = undefined
      },
      () => {},
    )
    this.#layer.handleConnectionClosed(link.id, performance.now())
  }

  /** One timer for all transactions. */
  #arm(): void {
    clearTimeout(this.#timer)
    const deadlineMs = this.#layer.nextDeadlineMs()
    if (deadlineMs === undefined) return
    this.#timer = setTimeout(
      () => {
        this.#layer.handleTimeout(performance.now())
        this.#arm()
      },
      Math.max(1, deadlineMs - performance.now()),
    )
    this.#timer.unref()
  }

  // TransactionUser

  onRequest(transaction: ServerTransaction, request: SipRequest): void {
    this.#handler.handleRequest(transaction, request)
  }

  onAck(): void {}

  onCancel(transaction: ServerTransaction): void {
    this.#handler.handleCancel(transaction)
  }

  onResponse(transaction: ClientTransaction, response: SipResponse): void {
    if (response.status >= 200) (transaction.context as Waiting).settle(response)
  }

  onFailure(transaction: ClientTransaction, why: ClientFailure): void {
    const status = why === 'timeout' ? 408 : 503
    ;(transaction.context as Waiting).settle(createResponse(transaction.request, status))
  }

  onStrayResponse(): void {}

  onServerEnd(): void {}

  send(connection: ConnectionId, message: SipMessage): void {
    this.#options.onTrace?.('out', message)
    this.#links.get(connection)?.send(message)
  }
}

/** An unguessable word for tags, branches and Call-IDs. */
export function newToken(): string {
  return randomBytes(9).toString('hex')
}
