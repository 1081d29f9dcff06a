import type { Wire, WireListener } from '@gatehouse/bridge-kit'
import { messageOf } from '@gatehouse/errors'
import { type DialbackVerdict, IncomingStream, type SessionState, type StreamEvent } from '@gatehouse/xmpp-core'
import { daneOfDomain } from './dane.ts'
import type { LinkEnvironment } from './link-environment.ts'
import type { LinkPool } from './link-pool.ts'
import { certifiesOf, type DaneWord, NO_WORD, StreamDriver } from './stream-driver.ts'

const TLS_TIMEOUT_MS = 15_000
/** Sessions of broken streams that are kept, and for how long (XEP-0198 §5). */
const MAX_SESSIONS = 1_000
const SESSION_LIFE_MS = 300_000

/** Streams that other servers open to us. */
export class StreamListener {
  readonly #environment: LinkEnvironment
  readonly #pool: LinkPool
  readonly #drivers = new Map<StreamDriver, IncomingStream>()
  readonly #sessions = new Map<string, { readonly state: SessionState; readonly untilMs: number }>()
  readonly #listeners: WireListener[] = []

  constructor(environment: LinkEnvironment, pool: LinkPool) {
    this.#environment = environment
    this.#pool = pool
  }

  get streamCount(): number {
    return this.#drivers.size
  }

  /** Ports in the order of the configuration: STARTTLS, direct TLS. */
  get ports(): readonly number[] {
    return this.#listeners.map(({ port }) => port)
  }

  async start(): Promise<void> {
    const { config, context } = this.#environment
    if (config.listen !== undefined) this.#listeners.push(await context.wires.listen(config.listen, (wire) => this.#accept(wire, true)))
    if (config.listenDirectTls === undefined) return
    this.#listeners.push(await context.wires.listen(config.listenDirectTls, (wire) => void this.#acceptDirect(wire)))
  }

  sweep(nowMs: number): void {
    for (const driver of this.#drivers.keys()) driver.sweep(nowMs)
    for (const [id, { untilMs }] of this.#sessions) {
      if (untilMs > nowMs) break
      this.#sessions.delete(id)
    }
  }

  stop(): void {
    // Closed for newcomers at once; done only when those who are there have gone, which nobody waits for.
    for (const listener of this.#listeners) void listener.close()
    const { clock } = this.#environment.context
    for (const [driver, stream] of this.#drivers) {
      driver.finish(clock.nowMs(), () => stream.close(clock.nowMs(), 'system-shutdown'))
    }
  }

  /** Cuts what has not ended by itself. */
  cut(): void {
    for (const driver of this.#drivers.keys()) driver.destroy()
  }

  async #acceptDirect(wire: Wire): Promise<void> {
    const { context } = this.#environment
    const [domain] = context.domains.served()
    try {
      const name = domain?.domain ?? ''
      this.#accept(await context.wires.secure(wire, 'server', { name, alpn: ['xmpp-server'], timeoutMs: TLS_TIMEOUT_MS }), false)
    } catch (thrown) {
      context.log.debug({ remote: wire.remote.address, detail: messageOf(thrown) }, 'no TLS with an XMPP server')
    }
  }

  #accept(wire: Wire, startTls: boolean): void {
    const { config, context, around } = this.#environment
    const nowMs = context.clock.nowMs()
    const stream = new IncomingStream(
      around,
      {
        isHosted: (domain) => context.domains.isServed(domain),
        startTls,
        certifies: startTls ? undefined : certifiesOf(wire),
        allowDialback: config.incoming === 'dialback',
        offerBidi: config.bidi,
        offerManagement: config.streamManagement,
        takeSession: (id) => this.#takeSession(id),
      },
      nowMs,
    )
    const tlsName = (): string => stream.addressedDomain
    const onEvent = (event: StreamEvent): void => this.#onEvent(driver, stream, event)
    const dane = (secured: Wire): Promise<DaneWord> => this.#wordOf(stream.claimedDomain ?? '', secured)
    const driver = new StreamDriver(this.#environment, wire, stream, { role: 'server', tlsName, dane, onEvent })
    this.#drivers.set(driver, stream)
  }

  /** Asked only for domains that policy knows, and only where the certificate alone does not do: strangers make us ask nobody. */
  async #wordOf(domain: string, wire: Wire): Promise<DaneWord> {
    const { dns, domains } = this.#environment.context
    const peer = wire.security?.peer
    const isNeeded = peer !== undefined && !certifiesOf(wire)(domain) && domains.isReachable(domain)
    if (dns.secure === undefined || !isNeeded) return NO_WORD
    return { verdict: await daneOfDomain(dns.secure, domain, peer), domain }
  }

  #onEvent(driver: StreamDriver, stream: IncomingStream, event: StreamEvent): void {
    const { context, onStanza, side } = this.#environment
    if (event.kind === 'stanza') onStanza({ stanza: event.stanza, by: event.by, arrival: event.arrival, side, driver })
    else if (event.kind === 'authenticated') this.#pool.noteAlive(event.remote)
    else if (event.kind === 'verifyDialback') this.#verify(driver, stream, event)
    else if (event.kind === 'ready') this.#pool.addReverse(event.local, event.remote, stream, driver)
    else if (event.kind === 'acked') this.#pool.handleReverseEvent(stream, event)
    else if (event.kind === 'closed') {
      this.#drivers.delete(driver)
      this.#pool.handleReverseEvent(stream, event)
      const { session, condition, by, detail } = event.closing
      if (session !== undefined) this.#keepSession(session)
      const facts = { remote: driver.wire.remote.address, claims: stream.claimedDomain ?? '', by, condition: condition ?? '', detail }
      if (condition !== undefined) context.log.info(facts, 'an XMPP stream was ended')
      else context.log.debug(facts, 'an XMPP stream ended')
    }
  }

  /** Only where policy knows the domain at all: a stranger does not make us connect to wherever its DNS records point. */
  #verify(driver: StreamDriver, stream: IncomingStream, event: Extract<StreamEvent, { kind: 'verifyDialback' }>): void {
    const { context } = this.#environment
    const { remote, local } = event
    const answer = (verdict: DialbackVerdict): void => {
      stream.answerDialback(context.clock.nowMs(), remote, local, verdict)
      driver.pump()
    }
    if (context.domains.isReachable(remote)) this.#pool.verify(event, answer)
    else answer('not-authorized')
  }

  #keepSession(state: SessionState): void {
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size >= MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest)
    this.#sessions.set(state.id, { state, untilMs: this.#environment.context.clock.nowMs() + SESSION_LIFE_MS })
  }

  #takeSession(id: string): SessionState | undefined {
    const kept = this.#sessions.get(id)
    this.#sessions.delete(id)
    return kept?.state
  }
}
