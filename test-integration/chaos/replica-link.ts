import { connect as connectTcp } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import type { Issued } from '@gatehouse/lab'
import { type SipResponse, SipStreamFramer } from '@gatehouse/sip-core'

export interface ReplicaLinkPlan {
  readonly certificate: Issued
  readonly caPem: string
  /** Name in the gate's certificate. */
  readonly servername: string
  /** Ports of the replicas, tried in turn. */
  readonly ports: readonly number[]
}

export interface ReplicaLinkEvents {
  /** A final response. */
  readonly onFinal: (response: SipResponse) => void
  readonly onLost: () => void
}

const HANDSHAKE_TIMEOUT_MS = 3_000
const REDIAL_MS = 250

/** A sender's connection to the gate: whenever it is lost, the next one goes to the next replica. */
export class ReplicaLink {
  readonly #plan: ReplicaLinkPlan
  readonly #events: ReplicaLinkEvents
  #socket: TLSSocket | undefined
  #isOpen = false
  #connections = 0
  #redialMs = 0

  constructor(plan: ReplicaLinkPlan, events: ReplicaLinkEvents) {
    this.#plan = plan
    this.#events = events
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Which connection this is, counted from 1. */
  get connection(): number {
    return this.#connections
  }

  /** To be called again and again. */
  keep(nowMs: number): void {
    if (this.#socket === undefined && nowMs >= this.#redialMs) this.#dial()
  }

  send(message: string | Uint8Array): void {
    this.#socket?.write(message)
  }

  /** Says goodbye; what is under way may still be answered. */
  end(): void {
    this.#socket?.end()
  }

  destroy(): void {
    this.#socket?.destroy()
  }

  #dial(): void {
    const { certificate, caPem, servername, ports } = this.#plan
    this.#connections++
    const port = ports[this.#connections % ports.length] as number
    const wire = connectTcp({ host: '127.0.0.1', port })
    wire.on('error', () => wire.destroy())
    const socket = connect({ socket: wire, servername, cert: certificate.chainPem, key: certificate.keyPem, ca: caPem })
    this.#socket = socket
    const framer = new SipStreamFramer()
    const tooLate = setTimeout(() => socket.destroy(), HANDSHAKE_TIMEOUT_MS)
    socket.setNoDelay(true)
    socket.once('secureConnect', () => {
      clearTimeout(tooLate)
      this.#isOpen = true
    })
    socket.on('data', (chunk: Buffer) => {
      framer.handleData(chunk)
      for (let frame = framer.takeFrame(); frame !== undefined; frame = framer.takeFrame())
        if (frame.kind === 'message' && !frame.message.isRequest && frame.message.status >= 200) this.#events.onFinal(frame.message)
    })
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      clearTimeout(tooLate)
      wire.destroy()
      this.#socket = undefined
      this.#isOpen = false
      this.#redialMs = performance.now() + REDIAL_MS
      this.#events.onLost()
    })
  }
}
