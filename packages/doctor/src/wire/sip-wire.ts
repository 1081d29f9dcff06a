import type { TLSSocket } from 'node:tls'
import {
  encodeMessage,
  type Frame,
  parseVia,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  SipStreamFramer,
  viaValue,
} from '@gatehouse/sip-core'

/** An honest answer to OPTIONS or MESSAGE is some kilobytes; more is not read. */
const MAX_ANSWER = { maxHeadBytes: 65_536, maxHeaderLines: 256, maxBodyBytes: 262_144 } as const

/** What a request came to. */
export type WireAnswer =
  | { readonly kind: 'response'; readonly response: SipResponse }
  | { readonly kind: 'timeout' }
  /** The peer ended the connection; `code` and `detail` have the alert or error where there was one. */
  | { readonly kind: 'closed'; readonly code: string; readonly detail: string }
  /** What came is no SIP, or more than one may send. */
  | { readonly kind: 'broken'; readonly detail: string }

const QUIET_END: WireAnswer = { kind: 'closed', code: '', detail: '' }

export interface WireOptions {
  readonly newToken: () => string
  /** What peers shall answer to: stands in Via. */
  readonly sentBy: { readonly host: string; readonly port: number }
  /** Requests of the peer on this connection. */
  readonly onRequest?: (request: SipRequest) => void
}

interface Waiting {
  readonly branch: string
  readonly settle: (answer: WireAnswer) => void
}

/** One TLS connection on which a few SIP requests are sent, one answer each. Memory is bounded, nothing is sent again: TLS does that. */
export class SipWire {
  readonly #socket: TLSSocket
  readonly #options: WireOptions
  readonly #framer = new SipStreamFramer(MAX_ANSWER)
  readonly #waiting = new Set<Waiting>()
  /** Responses that fit no request of ours: a sign that the peer does not keep our Via. */
  strayResponses = 0
  #ending: WireAnswer | undefined

  constructor(socket: TLSSocket, options: WireOptions) {
    this.#socket = socket
    this.#options = options
    socket.on('data', (chunk) => this.#handleData(chunk))
    socket.on('error', (error: NodeJS.ErrnoException) => this.#end({ kind: 'closed', code: error.code ?? '', detail: error.message }))
    socket.on('close', () => this.#end(QUIET_END))
    if (socket.destroyed) this.#end(QUIET_END)
    // whoever looked at the handshake may have stopped reading
    else socket.resume()
  }

  /** True until the peer or we ended it. */
  get isOpen(): boolean {
    return this.#ending === undefined && this.#socket.writable
  }

  /** Sends a request without Via; resolves with its final answer. */
  request(request: SipRequest, timeoutMs: number): Promise<WireAnswer> {
    if (this.#ending !== undefined) return Promise.resolve(this.#ending)
    const branch = `z9hG4bK${this.#options.newToken()}`
    request.headers.prepend('Via', viaValue(this.#options.sentBy, branch))
    const { promise, resolve } = Promise.withResolvers<WireAnswer>()
    const timer = setTimeout(() => waiting.settle({ kind: 'timeout' }), timeoutMs)
    const waiting: Waiting = {
      branch,
      settle: (answer) => {
        clearTimeout(timer)
        this.#waiting.delete(waiting)
        resolve(answer)
      },
    }
    this.#waiting.add(waiting)
    this.#socket.write(encodeMessage(request))
    return promise
  }

  /** Sends an answer to a request of the peer. */
  respond(response: SipResponse): void {
    if (this.isOpen) this.#socket.write(encodeMessage(response))
  }

  /** Resolves when the connection ended, true, or after `waitMs`, false. */
  endsWithin(waitMs: number): Promise<boolean> {
    if (this.#ending !== undefined) return Promise.resolve(true)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => resolve(false), waitMs)
    this.#socket.once('close', () => {
      clearTimeout(timer)
      resolve(true)
    })
    return promise
  }

  close(): void {
    this.#end({ kind: 'closed', code: '', detail: 'closed by us' })
    this.#socket.destroy()
  }

  #handleData(chunk: Buffer): void {
    if (this.#ending !== undefined) return
    this.#framer.handleData(chunk)
    for (let frame = this.#framer.takeFrame(); frame !== undefined; frame = this.#framer.takeFrame()) this.#handleFrame(frame)
  }

  #handleFrame(frame: Frame): void {
    if (frame.kind === 'keepalive') return
    if (frame.kind === 'broken') {
      this.#end({ kind: 'broken', detail: `${frame.defect.code}: ${frame.defect.detail}` })
      this.#socket.destroy()
      return
    }
    if (frame.message !== undefined) this.#handleMessage(frame.message)
  }

  #handleMessage(message: SipMessage): void {
    if (message.isRequest) {
      this.#options.onRequest?.(message)
      return
    }
    if (message.status < 200) return
    const branch = parseVia(message.headers.first('via') ?? '')?.branch
    const waiting = [...this.#waiting].find((each) => each.branch === branch)
    if (waiting === undefined) this.strayResponses += 1
    else waiting.settle({ kind: 'response', response: message })
  }

  #end(ending: WireAnswer): void {
    this.#ending ??= ending
    for (const waiting of [...this.#waiting]) waiting.settle(this.#ending)
  }
}
