import type { TLSSocket } from 'node:tls'
import type { Frame, SipMessage } from '@gatehouse/sip-core'
import { checkMessage, createResponse, encodeMessage, SipStreamFramer } from '@gatehouse/sip-core'

export interface SipLinkHandler {
  onMessage(link: SipLink, message: SipMessage): void
  onClosed(link: SipLink): void
}

/** One TLS connection as a stream of SIP messages. */
export class SipLink {
  readonly id: number
  readonly #socket: TLSSocket
  readonly #framer = new SipStreamFramer()
  readonly #handler: SipLinkHandler

  constructor(id: number, socket: TLSSocket, handler: SipLinkHandler) {
    this.id = id
    this.#socket = socket
    this.#handler = handler
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#handleData(chunk))
    socket.on('error', () => socket.destroy())
    socket.once('close', () => handler.onClosed(this))
  }

  get isOpen(): boolean {
    return this.#socket.writable
  }

  send(message: SipMessage): void {
    if (this.#socket.writable) this.#socket.write(encodeMessage(message))
  }

  close(): void {
    this.#socket.destroy()
  }

  #handleData(chunk: Buffer): void {
    this.#framer.handleData(chunk)
    for (let frame = this.#framer.takeFrame(); frame !== undefined; frame = this.#framer.takeFrame()) this.#handleFrame(frame)
  }

  #handleFrame(frame: Frame): void {
    if (frame.kind === 'keepalive') {
      // RFC 5626 §3.5.1: a single CRLF answers the double one.
      if (this.#socket.writable) this.#socket.write('\r\n')
      return
    }
    if (frame.kind === 'broken') {
      this.close()
      return
    }
    const { message } = frame
    const defect = frame.kind === 'malformed' ? frame.defect : checkMessage(frame.message)
    if (defect === undefined && message !== undefined) this.#handler.onMessage(this, message)
    else if (message?.isRequest === true && message.method !== 'ACK' && defect !== undefined)
      this.send(createResponse(message, defect.status))
  }
}
