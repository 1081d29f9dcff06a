import { createServer, type Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls'
import type { ListenOptions, TlsWish, Wire, WireListener, Wires } from '@gatehouse/bridge-kit'
import { errorsOf, messageOf } from '@gatehouse/errors'
import type { PeerIdentity } from '@gatehouse/im-model'
import { bridgeCodes } from '../../errors.ts'
import { certificateFor, type OwnCertificate } from './own-certificate.ts'
import { TLS_SETTINGS } from './tls-settings.ts'

const bridgeError = errorsOf(bridgeCodes)
/** No real chain is longer. */
const MAX_CHAIN = 10

export interface NodeWiresDeps {
  /** Addresses of a host, in the order to try. Rejects when there are none. */
  readonly addresses: (host: string) => Promise<readonly string[]>
  /** Says who presented a chain. Never rejects. */
  readonly validate: (chainDer: readonly Uint8Array[]) => Promise<PeerIdentity>
  /** Ours, to show. */
  readonly certificates: () => readonly OwnCertificate[]
  readonly maxConnections: number
  /** A listener of a wire threw, or nobody listened for its error. */
  readonly onFault: (thrown: unknown) => void
}

/** Sockets and TLS of one connector, bounded, and cut when it ends. */
export class NodeWires implements Wires {
  readonly #deps: NodeWiresDeps
  readonly #open = new Set<Duplex>()
  readonly #listeners = new Set<Server>()
  #isClosed = false

  constructor(deps: NodeWiresDeps) {
    this.#deps = deps
  }

  get count(): number {
    return this.#open.size
  }

  async connect(target: { readonly host: string; readonly port: number; readonly timeoutMs: number }): Promise<Wire> {
    const { host, port, timeoutMs } = target
    const deadlineMs = performance.now() + timeoutMs
    let why = 'no address'
    try {
      for (const address of await this.#deps.addresses(host)) {
        const leftMs = deadlineMs - performance.now()
        if (leftMs <= 0) break
        try {
          return await this.#dial(address, port, leftMs)
        } catch (thrown) {
          why = messageOf(thrown)
        }
      }
    } catch (thrown) {
      why = messageOf(thrown)
    }
    throw bridgeError('GH-BRIDGE-CONNECT-FAILED', `${host}:${port}: ${why}`)
  }

  secure(wire: Wire, role: 'client' | 'server', wish: TlsWish): Promise<Wire> {
    const own = certificateFor(this.#deps.certificates(), wish.name)
    if (role === 'server' && own === undefined) {
      return Promise.reject(bridgeError('GH-BRIDGE-TLS-FAILED', 'There is no certificate to show.'))
    }
    const secureContext = own?.context ?? createSecureContext(TLS_SETTINGS)
    // our own validation judges, see PeerValidator
    const common = { secureContext, rejectUnauthorized: false, ...(wish.alpn.length > 0 ? { ALPNProtocols: [...wish.alpn] } : {}) }
    const socket = wire.stream as Socket
    const secured =
      role === 'server'
        ? new TLSSocket(socket, { ...common, isServer: true, requestCert: true })
        : connectTls({ ...common, socket, ...(wish.name === '' ? {} : { servername: wish.name }) })
    return this.#handshake(wire, secured, role === 'server' ? 'secure' : 'secureConnect', wish.timeoutMs)
  }

  listen(options: ListenOptions, onWire: (wire: Wire) => void): Promise<WireListener> {
    const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
      if (!this.#keep(socket)) return
      try {
        onWire({ stream: socket, remote: remoteOf(socket), security: undefined })
      } catch (thrown) {
        this.#deps.onFault(thrown)
        socket.destroy()
      }
    })
    return new Promise((resolve, reject) => {
      server.once('error', (cause) => reject(bridgeError('GH-BRIDGE-START-FAILED', messageOf(cause), { cause })))
      server.listen({ host: options.address, port: options.port }, () => {
        const bound = server.address() as { readonly address: string; readonly port: number }
        this.#listeners.add(server)
        server.on('error', this.#deps.onFault)
        if (this.#isClosed) server.close()
        resolve({ address: bound.address, port: bound.port, close: () => this.#closeListener(server) })
      })
    })
  }

  close(): void {
    this.#isClosed = true
    for (const server of this.#listeners) void this.#closeListener(server)
    for (const stream of this.#open) stream.destroy()
  }

  #dial(address: string, port: number, timeoutMs: number): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = new Socket()
      if (!this.#keep(socket)) return reject(new Error('too many connections'))
      const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), timeoutMs)
      const failed = (error?: Error): void => {
        clearTimeout(timer)
        reject(error ?? new Error('closed'))
      }
      socket.once('error', failed)
      socket.once('close', failed)
      socket.connect({ host: address, port }, () => {
        socket.setNoDelay(true).setKeepAlive(true)
        clearTimeout(timer)
        socket.off('error', failed)
        socket.off('close', failed)
        resolve({ stream: socket, remote: { address, port }, security: undefined })
      })
    })
  }

  #handshake(wire: Wire, secured: TLSSocket, done: 'secure' | 'secureConnect', timeoutMs: number): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => secured.destroy(new Error('no answer in time')), timeoutMs)
      const failed = (cause?: Error): void => {
        clearTimeout(timer)
        secured.destroy()
        wire.stream.destroy()
        reject(bridgeError('GH-BRIDGE-TLS-FAILED', `${wire.remote.address}: ${messageOf(cause ?? new Error('closed'))}`, { cause }))
      }
      secured.once('error', failed)
      secured.once('close', failed)
      secured.once(done, () => {
        clearTimeout(timer)
        const protocol = secured.getProtocol() ?? ''
        const alpn = typeof secured.alpnProtocol === 'string' ? secured.alpnProtocol : ''
        void this.#deps.validate(takeChain(secured)).then((peer) => {
          secured.off('error', failed)
          secured.off('close', failed)
          if (secured.destroyed || !this.#keep(secured)) return failed(new Error('closed'))
          resolve({ stream: secured, remote: wire.remote, security: { protocol, peer, alpn } })
        })
      })
    })
  }

  /** False: there is no room, or it is over; the stream is destroyed. */
  #keep(stream: Duplex): boolean {
    // an error that nobody listens for would end the process
    stream.on('error', () => {})
    if (this.#isClosed || this.#open.size >= this.#deps.maxConnections * 2) {
      stream.destroy()
      return false
    }
    this.#open.add(stream)
    stream.once('close', () => this.#open.delete(stream))
    return true
  }

  #closeListener(server: Server): Promise<void> {
    this.#listeners.delete(server)
    return new Promise((resolve) => server.close(() => resolve()))
  }
}

/** Leaf first, as presented; once per connection, right after the handshake. */
function takeChain(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = []
  let certificate = socket.getPeerX509Certificate()
  while (certificate !== undefined && chain.length < MAX_CHAIN) {
    chain.push(certificate.raw)
    certificate = certificate.issuerCertificate
  }
  return chain
}

function remoteOf(socket: Socket): { address: string; port: number } {
  return { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
}
