import { readFile } from 'node:fs/promises'
import { Backoff } from '@gatehouse/bridge-kit'
import { messageOf } from '@gatehouse/errors'
import { ComponentStream, type StreamEvent } from '@gatehouse/xmpp-core'
import type { XmppConfig } from '../config.ts'
import type { XmppCode } from '../errors.ts'
import type { LinkEnvironment } from './link-environment.ts'
import { StanzaLane, type TrackedStanza } from './stanza-lane.ts'
import { StreamDriver } from './stream-driver.ts'

const CONNECT_TIMEOUT_MS = 10_000

/** Our place in a home server as one of its components (XEP-0114): kept open, for the server cannot call us. */
export class ComponentLink {
  readonly plan: XmppConfig['components'][number]
  readonly #environment: LinkEnvironment
  readonly #backoff = new Backoff({ firstMs: 500, longestMs: 30_000 })
  readonly #lane: StanzaLane
  #open: { readonly driver: StreamDriver; readonly stream: ComponentStream } | undefined
  #failure: { readonly code: XmppCode; readonly detail: string } = { code: 'GH-XMPP-AWAY', detail: 'not connected yet' }
  /** Of the present attempt, or of the stream that is open. */
  #driver: StreamDriver | undefined
  #stopRetry: () => void = () => undefined
  #isStopped = false

  constructor(environment: LinkEnvironment, plan: XmppConfig['components'][number]) {
    this.plan = plan
    this.#environment = environment
    this.#lane = new StanzaLane({
      local: plan.domain,
      remote: plan.server,
      write: (stanza) => {
        if (this.#open === undefined || this.#open.driver.isClogged || !this.#open.stream.sendStanza(stanza)) return false
        this.#open.driver.planPump()
        return true
      },
      isAcknowledged: () => false,
      newId: environment.around.newId,
      confirmMs: environment.config.confirmMs,
      nowMs: () => environment.context.clock.nowMs(),
    })
  }

  get lane(): StanzaLane {
    return this.#lane
  }

  send(tracked: TrackedStanza): void {
    if (this.#open !== undefined && this.#lane.send(tracked)) return
    const { code, detail } = this.#open === undefined ? this.#failure : { code: 'GH-XMPP-QUEUE-FULL' as const, detail: this.plan.server }
    tracked.onFate({ kind: 'failed', code, detail, isCertain: true })
  }

  /** One attempt; the next follows by itself. */
  async connect(): Promise<void> {
    const { context, around } = this.#environment
    const { host, port, domain, server, secretFile } = this.plan
    const secret = await readFile(secretFile, 'utf8').catch(() => undefined)
    if (secret === undefined) return this.#failed('GH-XMPP-SECRET', secretFile)
    try {
      const wire = await context.wires.connect({ host, port, timeoutMs: CONNECT_TIMEOUT_MS })
      const nowMs = context.clock.nowMs()
      const stream = new ComponentStream(around, { component: domain, server, secret: secret.trim() }, nowMs)
      const onEvent = (event: StreamEvent): void => this.#onEvent(driver, stream, event)
      const driver = new StreamDriver(this.#environment, wire, stream, { role: 'client', tlsName: () => host, onEvent })
      this.#driver = driver
      stream.start(nowMs)
      driver.pump()
      if (this.#isStopped) driver.destroy()
    } catch (thrown) {
      this.#failed('GH-XMPP-CONNECT', `${host}:${port}: ${messageOf(thrown)}`)
    }
  }

  sweep(nowMs: number): void {
    this.#driver?.sweep(nowMs)
    this.#lane.sweep(nowMs)
  }

  stop(): void {
    this.#isStopped = true
    this.#stopRetry()
    this.#failure = { code: 'GH-XMPP-STOPPED', detail: '' }
    this.#open?.stream.close(this.#environment.context.clock.nowMs())
    this.#open?.driver.pump()
  }

  cut(): void {
    this.#driver?.destroy()
  }

  #onEvent(driver: StreamDriver, stream: ComponentStream, event: StreamEvent): void {
    const { context, onStanza } = this.#environment
    if (event.kind === 'ready') {
      this.#open = { driver, stream }
      this.#backoff.succeeded()
      context.report({ peer: this.plan.server, state: 'connected', code: '', detail: '' })
    } else if (event.kind === 'stanza') onStanza({ stanza: event.stanza, by: event.by, arrival: event.arrival, side: 'internal', driver })
    else if (event.kind === 'closed') {
      const wasOpen = this.#open !== undefined
      this.#open = undefined
      const { condition, by, detail } = event.closing
      const words = `${condition ?? 'closed'} by ${by}${detail === '' ? '' : `: ${detail}`}`
      this.#lane.close(words)
      this.#failed(!wasOpen && by === 'peer' ? 'GH-XMPP-COMPONENT' : 'GH-XMPP-STREAM', words)
    }
  }

  #failed(code: XmppCode, detail: string): void {
    const { context } = this.#environment
    if (this.#isStopped) return
    this.#failure = { code: code === 'GH-XMPP-STREAM' ? 'GH-XMPP-AWAY' : code, detail }
    context.report({ peer: this.plan.server, state: code === 'GH-XMPP-COMPONENT' ? 'refused' : 'away', code, detail })
    context.log.warn({ server: this.plan.server, domain: this.plan.domain, code, detail }, 'not a component of the home server')
    this.#stopRetry = context.clock.after(this.#backoff.failed(context.random()), () => void this.connect())
  }
}
