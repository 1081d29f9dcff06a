import { randomBytes } from 'node:crypto'
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls'
import { createRequest, createResponse, encodeMessage, type SipRequest, SipStreamFramer } from '@gatehouse/sip-core'

/** What a double does with a request: nothing, or bytes to send, and perhaps the end of the connection. */
export interface Reply {
  readonly bytes?: Uint8Array | string
  readonly ends?: boolean
}

export type Manners = (request: SipRequest) => Reply

export interface DoubleOptions {
  readonly tls: TlsOptions
  readonly address: string
  readonly manners: Manners
}

/** A partner's edge on loopback: real TLS, and just as much SIP as its manners have. */
export class SipDouble {
  readonly #server: Server
  readonly #sockets = new Set<TLSSocket>()
  readonly #options: DoubleOptions

  constructor(options: DoubleOptions) {
    this.#options = options
    this.#server = createServer(options.tls, (socket) => this.#serve(socket))
    this.#server.on('tlsClientError', () => {})
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, this.#options.address, resolve)
    })
    const bound = this.#server.address()
    return typeof bound === 'object' && bound !== null ? bound.port : 0
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #serve(socket: TLSSocket): void {
    const framer = new SipStreamFramer()
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('data', (chunk) => {
      framer.handleData(chunk)
      for (let frame = framer.takeFrame(); frame !== undefined; frame = framer.takeFrame()) {
        if (frame.kind !== 'message' || !frame.message.isRequest) continue
        const { bytes, ends } = this.#options.manners(frame.message)
        if (bytes !== undefined) socket.write(bytes)
        if (ends === true) socket.end()
      }
    })
  }
}

export const answerWith =
  (status: number): Manners =>
  (request) => ({ bytes: encodeMessage(createResponse(request, status, undefined, { toTag: 'double' })) })

/** 200 to OPTIONS, `status` to MESSAGE. */
export const messageAnswer =
  (status: number | undefined): Manners =>
  (request) =>
    request.method === 'MESSAGE' ? (status === undefined ? {} : answerWith(status)(request)) : answerWith(200)(request)

/** As a Gatehouse with its echo on would, but on the connection that the message came on. */
export const echo: Manners = (request) => {
  const ok = encodeMessage(createResponse(request, 200, undefined, { toTag: 'double' }))
  if (request.method !== 'MESSAGE') return { bytes: ok }
  const sender = request.from()?.uri.toString() ?? ''
  const back = createRequest(
    'MESSAGE',
    sender,
    [
      ['Via', `SIP/2.0/TLS double.example:5061;branch=z9hG4bK${randomBytes(8).toString('hex')}`],
      ['Max-Forwards', '70'],
      ['From', `${request.headers.first('To') ?? ''};tag=${randomBytes(4).toString('hex')}`],
      ['To', `<${sender}>`],
      ['Call-ID', randomBytes(8).toString('hex')],
      ['CSeq', '1 MESSAGE'],
      ['Content-Type', 'text/plain'],
    ],
    request.body,
  )
  return { bytes: Buffer.concat([ok, encodeMessage(back)]) }
}
