import type { ConnectorContext, Wire } from '@gatehouse/bridge-kit'
import { messageOf } from '@gatehouse/errors'
import type { IrcClient, IrcEvent } from '@gatehouse/irc-core'
import { matchHost } from '@gatehouse/peer-identity'

export interface IrcLinkTarget {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
}

/** Opens TLS to a server and makes sure that it is the one that was asked for. Rejects with the reason. */
export async function openWire(context: ConnectorContext, target: IrcLinkTarget): Promise<Wire> {
  const { host, port, timeoutMs } = target
  const plain = await context.wires.connect({ host, port, timeoutMs })
  const wire = await context.wires.secure(plain, 'client', { name: host, alpn: ['irc'], timeoutMs })
  const peer = wire.security?.peer
  if (peer !== undefined && matchHost(peer, host, { acceptWildcard: true })) return wire
  wire.stream.destroy()
  const reason = peer?.refusal === undefined ? `its certificate does not carry ${host}` : `${peer.refusal.code} ${peer.refusal.detail}`
  throw new Error(`The server at ${host}:${port} proved nothing: ${reason}.`)
}

/** Runs one `IrcClient` on one wire: bytes, time and events between the two. */
export class IrcLink {
  readonly #client: IrcClient
  readonly #wire: Wire
  readonly #context: ConnectorContext
  readonly #onEvent: (event: IrcEvent) => void
  #cancelTimer: (() => void) | undefined
  #isOver = false

  constructor(client: IrcClient, wire: Wire, context: ConnectorContext, onEvent: (event: IrcEvent) => void) {
    this.#client = client
    this.#wire = wire
    this.#context = context
    this.#onEvent = onEvent
  }

  start(): void {
    const { stream } = this.#wire
    let closing = ''
    stream.on('data', (bytes: Uint8Array) => {
      this.#client.handleData(bytes, this.#nowMs())
      this.pump()
      this.#holdIfFull()
    })
    stream.on('error', (thrown) => {
      closing = messageOf(thrown)
    })
    stream.on('close', () => {
      this.#client.handleClosed(closing === '' ? 'closed without a word' : closing, this.#nowMs())
      this.pump()
    })
    this.#client.open(this.#nowMs())
    this.pump()
  }

  /** Moves what there is to move; call it after everything that was done to the client. */
  pump(): void {
    for (let event = this.#client.takeEvent(); event !== undefined; event = this.#client.takeEvent()) {
      if (event.kind === 'failed') this.#end()
      this.#onEvent(event)
    }
    const bytes = this.#client.takeOutput(this.#nowMs())
    if (bytes !== undefined && this.#wire.stream.writable) this.#wire.stream.write(bytes)
    this.#setTimer()
  }

  /** Says goodbye and closes; nothing comes from it any more but what waits for its outcome. */
  close(words: string): void {
    this.#client.quit(words, this.#nowMs())
    const bytes = this.#client.takeOutput(this.#nowMs())
    if (bytes !== undefined && this.#wire.stream.writable) this.#wire.stream.end(bytes)
    this.#client.handleClosed(words, this.#nowMs())
    this.pump()
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelTimer?.()
    if (!this.#wire.stream.writableEnded) this.#wire.stream.destroy()
    else this.#wire.stream.on('finish', () => this.#wire.stream.destroy())
  }

  #setTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const deadlineMs = this.#isOver ? undefined : this.#client.nextDeadlineMs()
    if (deadlineMs === undefined) return
    this.#cancelTimer = this.#context.clock.after(Math.max(1, deadlineMs - this.#nowMs()), () => {
      this.#client.handleTimeout(this.#nowMs())
      this.pump()
    })
  }

  #holdIfFull(): void {
    if (!this.#context.intake.isFull) return
    this.#wire.stream.pause()
    this.#context.intake.onceReady(() => this.#wire.stream.resume())
  }

  #nowMs(): number {
    return this.#context.clock.nowMs()
  }
}
