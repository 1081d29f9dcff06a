import { createHash, createHmac } from 'node:crypto'
import type {
  BridgeConnector,
  ConnectorContext,
  ConnectorFactory,
  ConnectorInfo,
  FileHandling,
  Handover,
  PresenceHandling,
  ReceiptHandling,
  TypingHandling,
} from '@gatehouse/bridge-kit'
import type { DeliveryOutcome, MessageEvent, PresenceEvent, ReceiptEvent, TypingEvent } from '@gatehouse/im-model'
import { DEFAULT_STREAM_TIMERS, DEFAULT_XML_LIMITS, type StreamSurroundings, type XmlElement } from '@gatehouse/xmpp-core'
import { xmppAddressing } from './addressing.ts'
import { xmppCapabilities } from './capabilities.ts'
import { type XmppConfig, xmppConfigSchema } from './config.ts'
import { xmppCodes } from './errors.ts'
import { Inbound } from './inbound.ts'
import { ComponentLink } from './link/component-link.ts'
import { HomeSide } from './link/home-side.ts'
import { Lingering } from './link/lingering.ts'
import type { ArrivedStanza, LinkEnvironment } from './link/link-environment.ts'
import { LinkPool } from './link/link-pool.ts'
import { SiblingWords } from './link/sibling-words.ts'
import { StreamListener } from './link/stream-listener.ts'
import { Outbound, type StanzaRoute } from './outbound.ts'

const SWEEP_MS = 1_000
/** An answer that finds no way for so long is dropped. */
const REPLY_MS = 10_000
/** RFC 6120 §13.12: no less than 10,000 bytes, which is enough for everything that comes before authentication. */
const STRANGER_CHARS = 10_000

/** XMPP between servers (RFC 6120, 6121), and as a component of a home server of ours (XEP-0114). */
export class XmppConnector implements BridgeConnector, TypingHandling, ReceiptHandling, PresenceHandling, FileHandling {
  readonly info: ConnectorInfo = { protocol: 'xmpp', kind: 'servers', domains: ['*'], capabilities: xmppCapabilities }
  readonly addressing = xmppAddressing
  readonly #config: XmppConfig
  readonly #context: ConnectorContext
  readonly #outbound: Outbound
  #pool: LinkPool | undefined
  #listener: StreamListener | undefined
  #home: HomeSide | undefined
  #components: readonly ComponentLink[] = []
  readonly #lingering = new Lingering()
  readonly #siblings: SiblingWords
  #stopSweep: () => void = () => undefined

  constructor(config: XmppConfig, context: ConnectorContext) {
    this.#config = config
    this.#context = context
    this.#siblings = new SiblingWords({
      context,
      takeAnswer: (side, local, remote, id) => this.#poolOf(side)?.handleAnswer(local, remote, id) === true,
      takeBounce: (side, local, remote, error) => this.#poolOf(side)?.handleBounce(local, remote, error) === true,
    })
    this.#outbound = new Outbound((way, tracked) => this.#route(way, tracked))
  }

  /** Ports of the listeners, in the order of the configuration; empty before `start`. */
  get ports(): readonly number[] {
    return this.#listener?.ports ?? []
  }

  async start(): Promise<void> {
    const inbound = new Inbound({
      context: this.#context,
      config: this.#config,
      reply: (arrived, answer) => this.#reply(arrived, answer),
      onAnswer: (arrived) => this.#onAnswer(arrived),
      onBounce: (arrived) => this.#onBounce(arrived),
    })
    const environment: LinkEnvironment = {
      context: this.#context,
      config: this.#config,
      around: this.#surroundings(await this.#dialbackSecret()),
      lingering: this.#lingering,
      side: 'external',
      onStanza: (arrived) => inbound.handle(arrived),
    }
    this.#pool = new LinkPool(environment)
    this.#siblings.start()
    this.#listener = new StreamListener(environment, this.#pool)
    await this.#listener.start()
    if (this.#config.home !== undefined) {
      this.#home = new HomeSide(environment, this.#config.home)
      await this.#home.listener.start()
    }
    this.#components = this.#config.components.map((plan) => new ComponentLink(environment, plan))
    for (const component of this.#components) void component.connect()
    this.#stopSweep = this.#context.clock.every(SWEEP_MS, () => this.#sweep())
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopSweep()
    this.#listener?.stop()
    this.#pool?.stop()
    this.#home?.listener.stop()
    this.#home?.pool.stop()
    for (const component of this.#components) component.stop()
    if (graceMs > 0) await this.#quiet(graceMs)
    this.#listener?.cut()
    this.#pool?.cut()
    this.#home?.listener.cut()
    this.#home?.pool.cut()
    for (const component of this.#components) component.cut()
    this.#lingering.cut()
  }

  send(handover: Handover<MessageEvent>): Promise<DeliveryOutcome> {
    return this.#outbound.sendMessage(handover)
  }

  sendFiles(handover: Handover<MessageEvent>): Promise<DeliveryOutcome> {
    return this.#outbound.sendFiles(handover)
  }

  sendTyping(handover: Handover<TypingEvent>): Promise<DeliveryOutcome> {
    return this.#outbound.sendTyping(handover)
  }

  sendReceipt(handover: Handover<ReceiptEvent>): Promise<DeliveryOutcome> {
    return this.#outbound.sendReceipt(handover)
  }

  sendPresence(handover: Handover<PresenceEvent>): Promise<DeliveryOutcome> {
    return this.#outbound.sendPresence(handover)
  }

  #route(way: Parameters<StanzaRoute>[0], tracked: Parameters<StanzaRoute>[1]): void {
    const component = way.side === 'internal' ? this.#componentOf(way.from, way.to) : undefined
    if (component !== undefined) component.send(tracked)
    else if (way.side === 'internal' && this.#home?.serves(way.to) === true) this.#home.pool.send(way.from, way.to, tracked)
    else if (this.#pool !== undefined) this.#pool.send(way.from, way.to, tracked)
    else tracked.onFate({ kind: 'failed', code: 'GH-XMPP-STOPPED', detail: 'not started', isCertain: true })
  }

  #componentOf(outside: string, inside: string): ComponentLink | undefined {
    return this.#components.find(({ plan }) => plan.domain === outside && plan.server === inside)
  }

  #reply(arrived: ArrivedStanza, answer: XmlElement): void {
    const { stanza, side } = arrived
    const way = { from: stanza.to.domain, to: stanza.from.domain, side }
    this.#route(way, { stanza: answer, deadlineMs: this.#context.clock.nowMs() + REPLY_MS, wantsProof: false, onFate: () => undefined })
  }

  #onAnswer(arrived: ArrivedStanza): void {
    const { stanza, side } = arrived
    const id = stanza.element.attr('id') ?? ''
    const component = side === 'internal' ? this.#componentOf(stanza.to.domain, stanza.from.domain) : undefined
    if (component !== undefined) component.lane.handleAnswer(id)
    else if (this.#poolOf(side)?.handleAnswer(stanza.to.domain, stanza.from.domain, id) !== true) this.#siblings.answered(arrived)
  }

  async #onBounce(arrived: ArrivedStanza): Promise<boolean> {
    const { stanza, side } = arrived
    const component = side === 'internal' ? this.#componentOf(stanza.to.domain, stanza.from.domain) : undefined
    if (component !== undefined) return component.lane.handleBounce(stanza.element)
    if (this.#poolOf(side)?.handleBounce(stanza.to.domain, stanza.from.domain, stanza.element) === true) return true
    return await this.#siblings.bounced(arrived)
  }

  #poolOf(side: ArrivedStanza['side']): LinkPool | undefined {
    return side === 'internal' ? this.#home?.pool : this.#pool
  }

  #sweep(): void {
    const nowMs = this.#context.clock.nowMs()
    this.#pool?.sweep(nowMs)
    this.#listener?.sweep(nowMs)
    this.#home?.pool.sweep(nowMs)
    this.#home?.listener.sweep(nowMs)
    this.#lingering.sweep(nowMs)
    for (const component of this.#components) component.sweep(nowMs)
  }

  /** Streams end in good order within the grace, or are cut. */
  async #quiet(graceMs: number): Promise<void> {
    const untilMs = this.#context.clock.nowMs() + graceMs
    const isBusy = (): boolean =>
      (this.#listener?.streamCount ?? 0) + (this.#home?.listener.streamCount ?? 0) > 0 ||
      this.#pool?.isQuiet === false ||
      this.#home?.pool.isQuiet === false
    while (isBusy()) {
      if (this.#context.clock.nowMs() >= untilMs) return
      await new Promise<void>((resolve) => void this.#context.clock.after(20, resolve))
    }
  }

  async #dialbackSecret(): Promise<string> {
    const name = this.#config.dialbackSecret === '' ? 'xmpp-dialback' : this.#config.dialbackSecret
    const known = await this.#context.secrets.get(name)
    if (known !== undefined) return known
    const made = Buffer.from(this.#context.randomBytes(32)).toString('hex')
    await this.#context.secrets.put(name, made)
    return made
  }

  #surroundings(dialbackSecret: string): StreamSurroundings {
    return {
      hashes: {
        sha1Hex: (text) => createHash('sha1').update(text).digest('hex'),
        sha256Hex: (text) => createHash('sha256').update(text).digest('hex'),
        hmacSha256Hex: (key, text) => createHmac('sha256', key).update(text).digest('hex'),
      },
      newId: () => Buffer.from(this.#context.randomBytes(16)).toString('hex'),
      timers: DEFAULT_STREAM_TIMERS,
      limits: {
        strangers: { ...DEFAULT_XML_LIMITS, maxStanzaChars: STRANGER_CHARS },
        peers: { ...DEFAULT_XML_LIMITS, maxStanzaChars: this.#config.maxStanzaBytes },
      },
      dialbackSecret,
    }
  }
}

export const xmpp = {
  protocol: 'xmpp',
  config: xmppConfigSchema,
  codes: xmppCodes,
  create: (config, context) => new XmppConnector(config, context),
} satisfies ConnectorFactory<XmppConfig>
