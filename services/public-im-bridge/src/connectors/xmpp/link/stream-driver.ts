import type { ConnectorContext, Wire } from '@gatehouse/bridge-kit'
import { matchHost } from '@gatehouse/peer-identity'
import type { StreamEvent, XmppStream } from '@gatehouse/xmpp-core'
import { ArrivalOrder } from './arrival-order.ts'
import type { DaneVerdict } from './dane.ts'
import type { Lingering } from './lingering.ts'

/** What a driver needs of a stream that can be secured on the way. */
export interface DrivableStream extends XmppStream {
  handleSecured?(nowMs: number, certifies: (domain: string) => boolean): void
}

export interface DriverEnvironment {
  readonly context: Pick<ConnectorContext, 'clock' | 'intake' | 'wires'>
  readonly lingering: Lingering
}

export interface DriverOptions {
  readonly role: 'client' | 'server'
  /** Name for TLS: as client of the server, as server the domain to show a certificate for. */
  readonly tlsName: () => string
  /** For which domain besides those of its certificate signed DNS speaks for the peer, or against it; asked when TLS is up. */
  readonly dane?: ((wire: Wire) => Promise<DaneWord>) | undefined
  readonly onEvent: (event: StreamEvent) => void
}

/** More than that not taken by the peer: nothing is added until it reads. */
const MAX_UNWRITTEN_BYTES = 1_048_576
const TLS_TIMEOUT_MS = 15_000

/** Whether the certificate of a wire speaks for an XMPP domain (RFC 6120 §13.7.2, DNS names; wildcards as RFC 6125 §6.4.3 has them). */
export function certifiesOf(wire: Wire): (domain: string) => boolean {
  const peer = wire.security?.peer
  return (domain) => peer !== undefined && matchHost(peer, domain, { acceptWildcard: true })
}

/** What signed DNS says of a peer. */
export interface DaneWord {
  readonly verdict: DaneVerdict
  readonly domain: string
}

export const NO_WORD: DaneWord = { verdict: 'nothing', domain: '' }

/** RFC 7673 §4.1: a record that can be used decides, for or against, whatever the certificate says. */
export function certifiesWith(wire: Wire, { verdict, domain }: DaneWord): (domain: string) => boolean {
  const byCertificate = certifiesOf(wire)
  if (verdict === 'mismatch') return () => false
  return verdict === 'match' ? (name) => name === domain || byCertificate(name) : byCertificate
}

/** Couples a stream to a wire: bytes, TLS, deadlines, back-pressure. */
export class StreamDriver {
  readonly stream: DrivableStream
  readonly order: ArrivalOrder = new ArrivalOrder()
  readonly #environment: DriverEnvironment
  readonly #options: DriverOptions
  #wire: Wire
  #daneDomain: string | undefined
  #isFlushPlanned = false
  #isGone = false
  #isFinishing = false
  readonly #onData = (chunk: Buffer): void => this.#take(chunk)
  readonly #onClose = (): void => this.#gone('the connection was closed')
  readonly #onError = (error: Error): void => this.#gone(error.message)

  constructor(environment: DriverEnvironment, wire: Wire, stream: DrivableStream, options: DriverOptions) {
    this.stream = stream
    this.#environment = environment
    this.#options = options
    this.#wire = wire
    this.#attach()
  }

  get wire(): Wire {
    return this.#wire
  }

  /** The domain that signed DNS proved the peer to be. */
  get daneDomain(): string | undefined {
    return this.#daneDomain
  }

  get isClogged(): boolean {
    return this.#wire.stream.writableLength > MAX_UNWRITTEN_BYTES
  }

  /** Writes and tells what a command brought about, at once. */
  pump(): void {
    this.#flush()
    for (let event = this.stream.takeEvent(); event !== undefined; event = this.stream.takeEvent()) {
      if (event.kind === 'startTls') void this.#secure()
      if (event.kind === 'closed') this.#end()
      this.#options.onEvent(event)
    }
    this.#flush()
  }

  /** The same at the end of this turn: stanzas sent one after the other go out in one write. */
  planPump(): void {
    if (this.#isFlushPlanned) return
    this.#isFlushPlanned = true
    setImmediate(() => {
      this.#isFlushPlanned = false
      this.pump()
    })
  }

  /** Looks at the deadlines; called every second for all streams together. */
  sweep(nowMs: number): void {
    this.order.sweep(nowMs)
    const deadlineMs = this.stream.nextDeadlineMs()
    if (deadlineMs === undefined || nowMs < deadlineMs) return
    this.stream.handleTimeout(nowMs)
    this.pump()
  }

  /** A stanza that came in was dealt with. */
  markHandled(arrival: number): void {
    this.stream.markHandled(this.#environment.context.clock.nowMs(), arrival)
    this.planPump()
  }

  /**
   * Reads no further, and calls `close` when all that was read is dealt with: that is acknowledged, and what was not read the other side still has.
   * Were the stream closed at once, its server would give back to the senders what has arrived.
   */
  finish(nowMs: number, close: () => void): void {
    this.#isFinishing = true
    this.#wire.stream.pause()
    this.order.behind(nowMs, () => {
      close()
      this.pump()
      // its own end is still wanted
      this.#wire.stream.resume()
    })
  }

  destroy(): void {
    this.#wire.stream.destroy()
  }

  #attach(): void {
    const { stream } = this.#wire
    stream.on('data', this.#onData)
    stream.once('close', this.#onClose)
    stream.once('end', this.#onClose)
    stream.once('error', this.#onError)
  }

  #detach(): void {
    const { stream } = this.#wire
    stream.pause()
    stream.off('data', this.#onData)
    stream.off('close', this.#onClose)
    stream.off('end', this.#onClose)
    stream.off('error', this.#onError)
  }

  #take(chunk: Buffer): void {
    this.stream.handleData(chunk, this.#environment.context.clock.nowMs())
    this.pump()
    const { intake } = this.#environment.context
    if (!intake.isFull) return
    const { stream } = this.#wire
    stream.pause()
    intake.onceReady(() => {
      if (!this.#isFinishing) stream.resume()
    })
  }

  #flush(): void {
    const text = this.stream.takeWrite()
    if (text !== '' && this.#wire.stream.writable) this.#wire.stream.write(text)
  }

  async #secure(): Promise<void> {
    this.#flush()
    this.#detach()
    try {
      const wish = { name: this.#options.tlsName(), alpn: [], timeoutMs: TLS_TIMEOUT_MS }
      this.#wire = await this.#environment.context.wires.secure(this.#wire, this.#options.role, wish)
    } catch (thrown) {
      this.#gone(thrown instanceof Error ? thrown.message : String(thrown))
      return
    }
    const word = (await this.#options.dane?.(this.#wire)) ?? NO_WORD
    if (word.verdict === 'match') this.#daneDomain = word.domain
    this.#attach()
    this.stream.handleSecured?.(this.#environment.context.clock.nowMs(), certifiesWith(this.#wire, word))
    this.pump()
  }

  #gone(detail: string): void {
    if (this.#isGone) return
    this.#isGone = true
    this.stream.handleGone(this.#environment.context.clock.nowMs(), detail)
    this.pump()
    this.#wire.stream.destroy()
  }

  /** The stream has said its last word: it is written, then the connection is closed. */
  #end(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#flush()
    this.#environment.lingering.end(this.#wire.stream, this.#environment.context.clock.nowMs())
  }
}
