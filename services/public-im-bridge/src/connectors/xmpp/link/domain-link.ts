import { Backoff } from '@gatehouse/bridge-kit'
import type { Closing, OutgoingStream, StreamEvent, XmlElement } from '@gatehouse/xmpp-core'
import type { XmppCode } from '../errors.ts'
import type { LinkEnvironment } from './link-environment.ts'
import { openStream } from './open-stream.ts'
import { StanzaLane, type TrackedStanza } from './stanza-lane.ts'
import type { StreamDriver } from './stream-driver.ts'

/** Stanzas that wait for a connection. */
const MAX_WAITING = 1_000

interface Open {
  readonly driver: StreamDriver
  readonly stream: OutgoingStream
}

/** Our way from one of our domains to a domain of somebody else: connected on demand, queued while connecting, backed off when it fails. */
export class DomainLink {
  readonly local: string
  readonly remote: string
  readonly #environment: LinkEnvironment
  readonly #backoff = new Backoff({ firstMs: 1_000, longestMs: 120_000 })
  readonly #lane: StanzaLane
  #open: Open | undefined
  #isOpening = false
  #retryAtMs = 0
  #lastFailure: { readonly code: XmppCode; readonly detail: string } | undefined
  #waiting: TrackedStanza[] = []
  #lastUsedMs: number
  #session: Closing['session']
  #isStopped = false

  constructor(environment: LinkEnvironment, local: string, remote: string) {
    this.#environment = environment
    this.local = local
    this.remote = remote
    this.#lastUsedMs = environment.context.clock.nowMs()
    this.#lane = new StanzaLane({
      local,
      remote,
      write: (stanza, ticket) => this.#write(stanza, ticket),
      isAcknowledged: () => this.#open?.stream.isBidi === true && this.#open.stream.isAcknowledged,
      newId: environment.around.newId,
      confirmMs: environment.config.confirmMs,
      nowMs: () => environment.context.clock.nowMs(),
    })
  }

  get isReady(): boolean {
    return this.#open?.stream.isReady === true
  }

  /** Nothing under way, and not used for a while: may be forgotten. */
  get isIdle(): boolean {
    const { context, config } = this.#environment
    return this.#open === undefined && !this.#isOpening && context.clock.nowMs() - this.#lastUsedMs > config.idleMs
  }

  send(tracked: TrackedStanza): void {
    const nowMs = this.#environment.context.clock.nowMs()
    this.#lastUsedMs = nowMs
    if (this.#isStopped) return fail(tracked, 'GH-XMPP-STOPPED', '')
    if (this.#open !== undefined) return this.#hand(tracked)
    if (!this.#isOpening && nowMs < this.#retryAtMs && tracked.waited !== true) {
      const { code, detail } = this.#lastFailure ?? { code: 'GH-XMPP-AWAY' as const, detail: '' }
      return fail(tracked, code === 'GH-XMPP-CONNECT' ? 'GH-XMPP-AWAY' : code, detail)
    }
    if (this.#waiting.length >= MAX_WAITING) return fail(tracked, 'GH-XMPP-QUEUE-FULL', this.remote)
    this.#waiting.push(tracked)
    if (!this.#isOpening) void this.#connect()
  }

  /** The other domain has shown that it is there: no need to wait any longer before the next attempt. */
  noteAlive(): void {
    this.#retryAtMs = 0
  }

  handleAnswer(id: string): boolean {
    return this.#lane.handleAnswer(id)
  }

  handleBounce(error: XmlElement): boolean {
    return this.#lane.handleBounce(error)
  }

  sweep(nowMs: number): void {
    const late = this.#waiting.filter(({ deadlineMs }) => deadlineMs <= nowMs)
    if (late.length > 0) {
      this.#waiting = this.#waiting.filter(({ deadlineMs }) => deadlineMs > nowMs)
      for (const tracked of late) fail(tracked, 'GH-XMPP-TOO-LATE', this.remote)
    }
    const open = this.#open
    if (open === undefined) return
    open.driver.sweep(nowMs)
    this.#lane.sweep(nowMs)
    if (this.#lane.openCount === 0 && nowMs - this.#lastUsedMs > this.#environment.config.idleMs) this.close()
  }

  /** Ends the stream in good order; the next stanza opens another. */
  close(): void {
    this.#open?.stream.close(this.#environment.context.clock.nowMs())
    this.#open?.driver.pump()
  }

  stop(): void {
    this.#isStopped = true
    for (const tracked of this.#waiting.splice(0)) fail(tracked, 'GH-XMPP-STOPPED', '')
    this.close()
  }

  cut(): void {
    this.#open?.driver.destroy()
  }

  async #connect(): Promise<void> {
    this.#isOpening = true
    const { context } = this.#environment
    context.report({ peer: this.remote, state: 'connecting', code: '', detail: '' })
    const session = this.#session
    this.#session = undefined
    const onEvent = (event: StreamEvent): void => this.#onEvent(event)
    const answer = await openStream(this.#environment, { local: this.local, remote: this.remote, purpose: 'stanzas', session, onEvent })
    this.#isOpening = false
    if (!answer.ok) {
      this.#lane.close(answer.detail)
      return this.#failed(answer.code, answer.detail)
    }
    this.#backoff.succeeded()
    this.#lastFailure = undefined
    // What the old stream left is in the new one, or nobody knows.
    if (!answer.isResumed) this.#lane.close('the stream could not be resumed')
    context.report({ peer: this.remote, state: 'connected', code: '', detail: '' })
    this.#open = { driver: answer.driver, stream: answer.stream }
    if (this.#isStopped) return this.close()
    for (const tracked of this.#waiting.splice(0)) this.#hand(tracked)
    answer.driver.pump()
  }

  #hand(tracked: TrackedStanza): void {
    if (!this.#lane.send(tracked)) fail(tracked, 'GH-XMPP-QUEUE-FULL', this.remote)
  }

  #write(stanza: XmlElement, ticket: number): boolean {
    const open = this.#open
    if (open === undefined || open.driver.isClogged || !open.stream.sendStanza(stanza, ticket)) return false
    open.driver.planPump()
    return true
  }

  #onEvent(event: StreamEvent): void {
    const open = this.#open
    if (open === undefined) return
    if (event.kind === 'stanza') {
      const { side, onStanza } = this.#environment
      onStanza({ stanza: event.stanza, by: event.by, arrival: event.arrival, side, driver: open.driver })
    } else if (event.kind === 'acked') this.#lane.handleAcked(event.tickets)
    else if (event.kind === 'closed') this.#closed(event.closing)
  }

  #closed(closing: Closing): void {
    this.#open = undefined
    this.#session = closing.session
    const { condition, by, detail } = closing
    const words = `${condition ?? 'closed'} by ${by}${detail === '' ? '' : `: ${detail}`}`
    const isError = condition !== undefined || by === 'network'
    // With a session the other side may still say what it has; without one nobody knows (XEP-0198 §5).
    if (this.#session === undefined || this.#lane.openCount === 0 || this.#isStopped) this.#lane.close(words)
    else void this.#connect()
    const { context } = this.#environment
    context.report({
      peer: this.remote,
      state: isError ? 'away' : 'stopped',
      code: isError ? 'GH-XMPP-STREAM' : '',
      detail: isError ? words : '',
    })
    if (isError) context.log.info({ peer: this.remote, local: this.local, detail: words }, 'an XMPP stream ended')
  }

  #failed(code: XmppCode, detail: string): void {
    const { context } = this.#environment
    this.#lastFailure = { code, detail }
    this.#retryAtMs = context.clock.nowMs() + this.#backoff.failed(context.random())
    context.report({ peer: this.remote, state: code === 'GH-XMPP-REFUSED' ? 'refused' : 'away', code, detail })
    context.log.warn({ peer: this.remote, local: this.local, code, detail }, 'no XMPP stream')
    for (const tracked of this.#waiting.splice(0)) fail(tracked, code, detail)
  }
}

/** Nothing of it was sent. */
function fail(tracked: TrackedStanza, code: XmppCode, detail: string): void {
  tracked.onFate({ kind: 'failed', code, detail, isCertain: true })
}
