import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { Issued } from '@gatehouse/lab'
import { headerOf, methodOf, parseWireMessage, type WireMessage, writeWireMessage } from './wire-message.ts'

/** An inside server that answers 200 to everything and keeps what it saw; written without our own parser. */
export class TlsHome {
  readonly requests: { readonly message: WireMessage; readonly raw: string }[] = []
  readonly port: number
  readonly #server: Server
  readonly #sockets: Set<TLSSocket>
  #held: (() => void)[] | undefined
  #tags = 0

  private constructor(server: Server, sockets: Set<TLSSocket>, port: number) {
    this.#server = server
    this.#sockets = sockets
    this.port = port
    server.on('secureConnection', (socket) => this.#serve(socket))
  }

  static async start(certificate: Issued, trustedPem: string, port = 0): Promise<TlsHome> {
    const sockets = new Set<TLSSocket>()
    const server = createServer({
      cert: certificate.chainPem,
      key: certificate.keyPem,
      ca: trustedPem,
      requestCert: true,
      rejectUnauthorized: true,
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    const address = server.address()
    return new TlsHome(server, sockets, typeof address === 'object' && address !== null ? address.port : port)
  }

  /** Answers are kept back until the returned function is called. */
  hold(): () => void {
    const held: (() => void)[] = []
    this.#held = held
    return () => {
      this.#held = undefined
      for (const answer of held) answer()
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(socket: TLSSocket): void {
    let text = ''
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1')
      for (;;) {
        text = text.replace(/^(\r\n)+/, '')
        const end = text.indexOf('\r\n\r\n')
        if (end < 0) return
        const length = Number(/^(?:content-length|l):\s*(\d+)/im.exec(text.slice(0, end))?.[1] ?? 0)
        if (text.length < end + 4 + length) return
        const raw = text.slice(0, end + 4 + length)
        text = text.slice(end + 4 + length)
        this.#take(socket, raw)
      }
    })
  }

  #take(socket: TLSSocket, raw: string): void {
    const message = parseWireMessage(raw)
    if (methodOf(message) === '') return
    this.requests.push({ message, raw })
    if (methodOf(message) === 'ACK') return
    this.#tags += 1
    const to = headerOf(message, 'To')
    const copied = message.headers.filter(([name]) => /^(via|from|call-id|cseq|record-route)$/i.test(name))
    const answer = writeWireMessage('SIP/2.0 200 OK', [...copied, ['To', to.includes('tag=') ? to : `${to};tag=home${this.#tags}`]])
    const send = (): void => void socket.write(Buffer.from(answer, 'latin1'))
    if (this.#held === undefined) send()
    else this.#held.push(send)
  }
}
