import { Buffer } from 'node:buffer'
import { type IncomingOptions, IncomingStream } from '../stream/incoming-stream.ts'
import { type OutgoingOptions, OutgoingStream } from '../stream/outgoing-stream.ts'
import type { StreamEvent } from '../stream/stream-types.ts'
import type { XmppStream } from '../stream/xmpp-stream.ts'
import { testSurroundings } from './surroundings.ts'

export interface PairOptions {
  readonly outgoing?: Partial<OutgoingOptions>
  readonly incoming?: Partial<IncomingOptions>
  /** Domains that each side's certificate speaks for. */
  readonly clientNames?: readonly string[]
  readonly serverNames?: readonly string[]
  /** Stanzas are not handled by themselves. */
  readonly isLazy?: boolean
  /** Every write is cut into pieces of so many bytes. */
  readonly pieceBytes?: number
  /** Lets a test change what goes over the wire. */
  readonly tamper?: (text: string, by: 'client' | 'server') => string
}

/** Two streams and a wire without sockets: contoso.example opens a stream to fabrikam.example. */
export class StreamPair {
  readonly client: OutgoingStream
  readonly server: IncomingStream
  readonly clientEvents: StreamEvent[] = []
  readonly serverEvents: StreamEvent[] = []
  readonly wire: string[] = []
  readonly #options: PairOptions
  nowMs = 0

  constructor(options: PairOptions = {}) {
    this.#options = options
    const around = testSurroundings()
    this.client = new OutgoingStream(
      around,
      {
        local: 'contoso.example',
        remote: 'fabrikam.example',
        tls: 'required',
        certifies: undefined,
        acceptUncertified: false,
        useExternal: true,
        useDialback: true,
        wantBidi: true,
        wantManagement: true,
        purpose: 'stanzas',
        ...options.outgoing,
      },
      0,
    )
    this.server = new IncomingStream(
      around,
      {
        isHosted: (domain) => domain === 'fabrikam.example' || domain === 'it.fabrikam.example',
        startTls: true,
        certifies: undefined,
        allowDialback: true,
        offerBidi: true,
        offerManagement: true,
        takeSession: () => undefined,
        ...options.incoming,
      },
      0,
    )
  }

  start(): this {
    this.client.start(this.nowMs)
    return this.run()
  }

  /** Carries bytes until nobody has any more. */
  run(): this {
    for (let isBusy = true; isBusy; ) {
      isBusy = this.#carry(this.client, this.server, 'client')
      isBusy = this.#events(this.server, this.serverEvents) || isBusy
      isBusy = this.#carry(this.server, this.client, 'server') || isBusy
      isBusy = this.#events(this.client, this.clientEvents) || isBusy
    }
    return this
  }

  /** What a stranger on the wire puts into the stream. */
  inject(to: 'client' | 'server', text: string | Uint8Array): this {
    this[to].handleData(Buffer.from(text as string), this.nowMs)
    this.#events(this[to], to === 'client' ? this.clientEvents : this.serverEvents)
    return this.run()
  }

  #carry(from: XmppStream, to: XmppStream, by: 'client' | 'server'): boolean {
    const text = from.takeWrite()
    if (text === '') return false
    this.wire.push(`${by}: ${text}`)
    const bytes = Buffer.from(this.#options.tamper?.(text, by) ?? text)
    const piece = this.#options.pieceBytes ?? bytes.length
    for (let at = 0; at < bytes.length; at += piece) to.handleData(bytes.subarray(at, at + piece), this.nowMs)
    return true
  }

  #events(stream: OutgoingStream | IncomingStream, into: StreamEvent[]): boolean {
    const before = into.length
    for (let event = stream.takeEvent(); event !== undefined; event = stream.takeEvent()) {
      into.push(event)
      if (event.kind === 'stanza' && this.#options.isLazy !== true) stream.markHandled(this.nowMs, event.arrival)
      if (event.kind !== 'startTls') continue
      const names = (stream === this.client ? this.#options.serverNames : this.#options.clientNames) ?? []
      stream.handleSecured(this.nowMs, (domain) => names.includes(domain))
    }
    return into.length > before
  }
}

/** One word per event, for comparing. */
export function kindsOf(events: readonly StreamEvent[]): string[] {
  return events.map((event) => {
    if (event.kind === 'closed') return `closed ${event.closing.by} ${event.closing.condition ?? 'in order'}`
    if (event.kind === 'authenticated') return `authenticated ${event.remote} by ${event.by}`
    if (event.kind === 'stanza') return `${event.stanza.name} by ${event.by}`
    return event.kind
  })
}
