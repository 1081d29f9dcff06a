import { connect as connectTcp, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import type { Issued } from '@gatehouse/lab'
import { parseWireMessage, statusOf, type WireMessage } from '../peers-kit/wire-message.ts'

export interface RawPeerOptions {
  readonly host: string
  readonly port: number
  /** undefined: presents no certificate. */
  readonly certificate: Issued | undefined
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** 127.0.0.x, for what is limited by address. */
  readonly localAddress?: string
}

/**
 * A peer that sends whatever bytes it is given over TLS and writes down what comes back, in order: `200`, `403`, … and `closed`.
 * It does not check the gate's certificate: that is not what these tests are about.
 */
export class RawPeer {
  readonly socket: TLSSocket
  readonly answers: WireMessage[] = []
  readonly #events: string[] = []
  #text = ''
  #wake: () => void = () => {}

  private constructor(socket: TLSSocket) {
    this.socket = socket
    socket.on('data', (data: Buffer) => this.#onData(data))
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.#note('closed'))
  }

  static async connect(options: RawPeerOptions): Promise<RawPeer> {
    const wire = connectTcp({
      host: options.host,
      port: options.port,
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
    })
    wire.on('error', () => wire.destroy())
    const socket = connect({
      socket: wire,
      rejectUnauthorized: false,
      servername: 'edge.contoso.example',
      maxVersion: options.maxVersion ?? 'TLSv1.3',
      ...(options.certificate === undefined ? {} : { cert: options.certificate.chainPem, key: options.certificate.keyPem }),
    })
    const peer = new RawPeer(socket)
    await new Promise<void>((resolve) => {
      socket.once('secureConnect', resolve)
      socket.once('close', () => resolve())
    })
    return peer
  }

  /** What came back so far: statuses of final answers in order, `closed` at the end if so. */
  get outcome(): readonly string[] {
    return this.#events
  }

  send(bytes: string | Uint8Array): void {
    if (!this.socket.destroyed) this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** Returns when `count` events are there, or throws after `withinMs`. */
  async waitForEvents(count: number, withinMs = 15_000): Promise<void> {
    const deadline = performance.now() + withinMs
    while (this.#events.length < count) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw new Error(`the gate answered only [${this.#events.join(', ')}] within ${withinMs} ms`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  stop(): void {
    this.socket.destroy()
  }

  #note(event: string): void {
    this.#events.push(event)
    this.#wake()
  }

  #onData(data: Buffer): void {
    this.#text += data.toString('latin1')
    for (;;) {
      const end = this.#text.indexOf('\r\n\r\n')
      if (end < 0) return
      const length = Number(/^content-length:\s*(\d+)/im.exec(this.#text.slice(0, end))?.[1] ?? 0)
      if (this.#text.length < end + 4 + length) return
      const message = parseWireMessage(this.#text.slice(0, end + 4 + length))
      this.#text = this.#text.slice(end + 4 + length)
      if (statusOf(message) < 200) continue
      this.answers.push(message)
      this.#note(String(statusOf(message)))
    }
  }
}

/** A TCP connection without TLS, for half-open handshakes; resolves once connected. */
export async function openTcp(host: string, port: number): Promise<Socket> {
  const socket = connectTcp({ host, port })
  socket.on('error', () => socket.destroy())
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve)
    socket.once('close', () => resolve())
  })
  return socket
}
