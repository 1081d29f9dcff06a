import { connect as connectTls, createServer, type Server, type TLSSocket } from 'node:tls'
import type { Authority, Issued } from '@gatehouse/lab'
import { createResponse, encodeMessage, type SipMessage, type SipRequest, SipStreamFramer } from '@gatehouse/sip-core'
import { names } from './sites.ts'

/** A lie is due with every so many messages; each kind in turn. */
const EVERY = 8
const LIES = ['swallow', 'double', 'swap'] as const
/** Nobody came behind it that it could have been swapped with. */
const HELD_MS = 3_000
const COPY = '-copy'

/**
 * Stands between gate and receiver as an edge would that does not do what it says: it answers 200 for a message that it throws away,
 * delivers one twice, and lets one be overtaken by the next of its conversation. For the test that the checker notices.
 */
export class LyingHop {
  readonly #server: Server
  readonly #sockets = new Set<TLSSocket>()
  #messages = 0
  #held: { readonly callId: string | undefined; readonly release: () => void } | undefined

  constructor(receiverPort: number, certificate: Issued, authority: Authority) {
    const ca = authority.certificate.certPem
    const own = authority.issue({ dns: [names.internal, names.external] })
    this.#server = createServer({ cert: certificate.chainPem, key: certificate.keyPem, ca, requestCert: true }, (gate) => {
      const receiver = connectTls({
        port: receiverPort,
        host: '127.0.0.1',
        cert: own.chainPem,
        key: own.keyPem,
        ca,
        checkServerIdentity: () => undefined,
      })
      this.#read(gate, receiver, (message) => this.#pass(message, gate, receiver))
      this.#read(receiver, gate, (message) => {
        if (!isCopy(message)) gate.write(encodeMessage(message))
      })
    })
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const bound = this.#server.address()
    return typeof bound === 'object' && bound !== null ? bound.port : 0
  }

  async stop(): Promise<void> {
    this.#held?.release()
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #pass(message: SipMessage, gate: TLSSocket, receiver: TLSSocket): void {
    const pass = (): void => void receiver.write(encodeMessage(message))
    if (!message.isRequest || message.method !== 'MESSAGE') return pass()
    const lie = ++this.#messages % EVERY === 0 ? LIES[(this.#messages / EVERY) % LIES.length] : undefined
    if (lie === 'swallow') {
      gate.write(encodeMessage(createResponse(message, 200, undefined, { toTag: 'liar' })))
      return
    }
    if (lie === 'swap' && this.#held === undefined) return this.#hold(message, pass)
    pass()
    if (lie === 'double') receiver.write(encodeMessage(copyOf(message)))
    if (this.#held?.callId === message.callId()) this.#held?.release()
  }

  #hold(message: SipRequest, pass: () => void): void {
    const timer = setTimeout(() => this.#held?.release(), HELD_MS)
    const release = (): void => {
      clearTimeout(timer)
      this.#held = undefined
      pass()
    }
    this.#held = { callId: message.callId(), release }
  }

  #read(from: TLSSocket, to: TLSSocket, onMessage: (message: SipMessage) => void): void {
    this.#sockets.add(from)
    const framer = new SipStreamFramer()
    from.setNoDelay(true)
    from.on('data', (chunk: Buffer) => {
      framer.handleData(chunk)
      for (let frame = framer.takeFrame(); frame !== undefined; frame = framer.takeFrame()) {
        if (frame.kind === 'message') onMessage(frame.message)
      }
    })
    from.on('error', () => from.destroy())
    from.once('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
  }
}

/** Another transaction, so that the receiver takes it for another message. Changes the original no more: it was written already. */
function copyOf(request: SipRequest): SipRequest {
  const top = request.headers.first('via') ?? ''
  request.headers.removeFirstValue('via')
  request.headers.prepend('Via', top.replace(/(branch=[^;,\s]+)/, `$1${COPY}`))
  return request
}

function isCopy(message: SipMessage): boolean {
  return !message.isRequest && message.headers.first('via')?.includes(COPY) === true
}
