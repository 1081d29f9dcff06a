import { deliveredOutcome, failedOutcome } from '@gatehouse/delivery'
import type { CodeTable } from '@gatehouse/errors'
import type { DeliveryOutcome, ImAddress, ImContent, MessageEvent, TypingEvent } from '@gatehouse/im-model'
import { z } from 'zod'
import { accountOfAddress, addressOfAccount } from '../account-address.ts'
import type { Addressing } from '../addressing.ts'
import type { Capabilities } from '../capabilities.ts'
import type { BridgeConnector, ConnectorInfo } from '../connector.ts'
import type { ConnectorContext } from '../context.ts'
import type { ConnectorFactory } from '../factory.ts'
import type { TypingHandling } from '../features.ts'
import type { Handover } from '../handover.ts'
import { type NetworkAddress, networkAddress, remoteId } from '../ids.ts'
import type { Evidence } from '../incoming.ts'
import type { ReceiveOutcome } from '../receive-outcome.ts'

const loopbackCodes = {
  'GH-LOOPBACK-AWAY': { summary: 'The loopback network is away.', remedy: 'Let it come back.', retry: 'later', sip: 504 },
  'GH-LOOPBACK-NOBODY': {
    summary: 'The loopback network has no such person.',
    remedy: 'Write to somebody who is there.',
    retry: 'never',
    sip: 404,
  },
  'GH-LOOPBACK-STOPPED': { summary: 'The connector was stopped.', remedy: 'None needed.', retry: 'elsewhere', sip: 503 },
} as const satisfies CodeTable

const capabilities: Capabilities = {
  features: {
    richText: 'dropped',
    subject: 'fallback',
    correction: 'fallback',
    files: 'fallback',
    typing: 'full',
    deliveredReceipt: 'full',
    displayedReceipt: 'dropped',
    presence: 'dropped',
    subscription: 'rejected',
    groups: 'rejected',
    offline: 'dropped',
    refusal: 'full',
  },
  limits: { maxTextBytes: 4096, splitting: 'refused', maxCorrectionAgeS: 0, messagesPerSecond: 0 },
}

/** What a person of the loopback network said or heard. */
export interface LoopbackLine {
  readonly from: ImAddress
  readonly to: ImAddress
  readonly content: ImContent
}

/** A network in memory: what is sent to it is written down, and a test lets its people speak. */
export class LoopbackNetwork {
  readonly domain: string
  readonly heard: LoopbackLine[] = []
  /** People who are not there. */
  readonly unknown = new Set<string>()
  isAway = false
  #connectors = new Set<LoopbackConnector>()
  #waiting: (() => void)[] = []
  #ids = 0

  constructor(domain: string) {
    this.domain = domain
  }

  /** Somebody of the network writes; the outcome is what the network's server is told. Repeating `id` sends the same event again. */
  say(user: string, to: ImAddress, content: ImContent | string, options: SayOptions = {}): Promise<ReceiveOutcome> {
    const [connector] = this.#connectors
    if (connector === undefined) throw new Error('nobody is connected with the loopback network')
    const id = options.id ?? `loop-${++this.#ids}`
    const event: ImContent = typeof content === 'string' ? { kind: 'message', messageId: id, text: content } : content
    return connector.take(user, to, event, id, options)
  }

  /** Resolves when `count` lines were heard. */
  async whenHeard(count: number): Promise<readonly LoopbackLine[]> {
    while (this.heard.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return this.heard
  }

  join(connector: LoopbackConnector): void {
    this.#connectors.add(connector)
  }

  leave(connector: LoopbackConnector): void {
    this.#connectors.delete(connector)
  }

  hear(line: LoopbackLine): string {
    this.heard.push(line)
    for (const resolve of this.#waiting.splice(0)) resolve()
    return `heard-${this.heard.length}`
  }
}

export interface SayOptions {
  readonly id?: string
  readonly conversation?: string
  readonly evidence?: Evidence
  /** Domain to speak for, instead of the network's own. */
  readonly domain?: string
}

class LoopbackConnector implements BridgeConnector, TypingHandling {
  readonly info: ConnectorInfo
  readonly addressing: Addressing
  readonly #network: LoopbackNetwork
  readonly #context: ConnectorContext
  #isRunning = false

  constructor(network: LoopbackNetwork, context: ConnectorContext) {
    this.#network = network
    this.#context = context
    this.info = { protocol: 'loopback', kind: 'servers', domains: [network.domain], capabilities }
    this.addressing = {
      toNetwork: (address) => mapped(accountOfAddress(address, network.domain)),
      fromNetwork: (person) => addressOfAccount(person, network.domain),
    }
  }

  async start(): Promise<void> {
    this.#isRunning = true
    this.#network.join(this)
    this.#context.report({ state: 'connected', code: '', detail: '' })
  }

  async stop(): Promise<void> {
    this.#isRunning = false
    this.#network.leave(this)
  }

  send(handover: Handover<MessageEvent>): Promise<DeliveryOutcome> {
    return Promise.resolve(this.#bring(handover))
  }

  sendTyping(handover: Handover<TypingEvent>): Promise<DeliveryOutcome> {
    return Promise.resolve(this.#bring(handover))
  }

  async take(user: string, to: ImAddress, content: ImContent, id: string, options: SayOptions): Promise<ReceiveOutcome> {
    const domain = options.domain ?? this.#network.domain
    const outcome = await this.#context.receive({
      side: 'external',
      from: { user, domain },
      to,
      conversation: options.conversation ?? '',
      remoteId: remoteId(id),
      content,
      method: content.kind.toUpperCase(),
      evidence: options.evidence ?? { class: 'V2', by: 'loopback' },
      source: { remote: '', server: this.#network.domain },
    })
    if (outcome.status === 'failed') {
      const text = outcome.notice === '' ? `not delivered (${outcome.sipStatus})` : outcome.notice
      this.#network.hear({ from: to, to: { user, domain }, content: { kind: 'message', messageId: '', text } })
    }
    return outcome
  }

  #bring({ envelope }: Handover): DeliveryOutcome {
    if (!this.#isRunning) return failedOutcome(loopbackCodes, 'GH-LOOPBACK-STOPPED')
    if (this.#network.isAway) return failedOutcome(loopbackCodes, 'GH-LOOPBACK-AWAY')
    const account = this.addressing.toNetwork(envelope.to)
    if (account === undefined || this.#network.unknown.has(account)) return failedOutcome(loopbackCodes, 'GH-LOOPBACK-NOBODY')
    return deliveredOutcome(this.#network.hear({ from: envelope.from, to: envelope.to, content: envelope.content }))
  }
}

function mapped(account: string | undefined): NetworkAddress | undefined {
  return account === undefined ? undefined : networkAddress(account)
}

/** A connector to a network in memory. */
export function loopback(network: LoopbackNetwork): ConnectorFactory<Record<string, never>> {
  return {
    protocol: 'loopback',
    config: z.strictObject({}),
    codes: loopbackCodes,
    create: (_config, context) => new LoopbackConnector(network, context),
  }
}
