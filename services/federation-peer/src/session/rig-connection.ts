import type { EdgeSide, PeerIdentity } from '@gatehouse/im-model'
import { createResponse, encodeMessage, type SipMessage, type SipRequest, type SipResponse, SipStreamFramer } from '@gatehouse/sip-core'
import type { EdgeConnection } from '../edge/connection.ts'

/** A connection without a socket: what the gate writes is kept, what the test gives is read. */
export class RigConnection implements EdgeConnection {
  static #lastId = 0
  readonly id: number = ++RigConnection.#lastId
  readonly remote = { address: '127.0.0.9', port: 5061 }
  readonly tlsVersion = 'TLSv1.3'
  readonly dialedKey = undefined
  readonly openedAtMs = 1
  readonly bufferedBytes = 0
  readonly side: EdgeSide
  readonly isDialed: boolean
  readonly peer: PeerIdentity
  isOpen = true
  /** Says of each write that it went above the high mark. */
  isFull = false
  readonly pauses: Set<string> = new Set()
  context: unknown = undefined
  readonly #onData: (connection: RigConnection, bytes: Buffer) => void
  readonly #written: SipMessage[] = []

  constructor(onData: (connection: RigConnection, bytes: Buffer) => void, side: EdgeSide, isDialed: boolean, peer: PeerIdentity) {
    this.#onData = onData
    this.side = side
    this.isDialed = isDialed
    this.peer = peer
  }

  receive(bytes: Uint8Array): void {
    this.#onData(this, Buffer.from(bytes))
  }

  requests(): SipRequest[] {
    return this.#written.filter((message): message is SipRequest => message.isRequest)
  }

  responses(): SipResponse[] {
    return this.#written.filter((message): message is SipResponse => !message.isRequest)
  }

  write(head: string, body: Uint8Array | undefined): boolean {
    const message = messageOf(head, body)
    if (message !== undefined) this.#written.push(message)
    return !this.isFull
  }

  pause(reason: string): void {
    this.pauses.add(reason)
  }

  resume(reason: string): void {
    this.pauses.delete(reason)
  }

  close(): void {
    this.isOpen = false
  }

  destroy(): void {
    this.isOpen = false
  }
}

/** Has an answer 200 for each request at once, to be handed to the gate, and keeps nothing else of what it is given. */
export class AnsweringConnection extends RigConnection {
  readonly answers: Buffer[] = []

  override write(head: string, body: Uint8Array | undefined): boolean {
    const message = messageOf(head, body)
    if (message?.isRequest === true) this.answers.push(encodeMessage(createResponse(message, 200, undefined, { toTag: 'b' })))
    return true
  }
}

/** Counts what it is given, and keeps nothing of it. */
export class CountingConnection extends RigConnection {
  count = 0

  override write(): boolean {
    this.count += 1
    return true
  }
}

function messageOf(head: string, body: Uint8Array | undefined): SipMessage | undefined {
  const framer = new SipStreamFramer()
  framer.handleData(Buffer.concat([Buffer.from(head, 'latin1'), body ?? Buffer.alloc(0)]))
  const frame = framer.takeFrame()
  return frame?.kind === 'message' ? frame.message : undefined
}
