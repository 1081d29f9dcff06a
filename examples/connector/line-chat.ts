import {
  type Addressing,
  accountOfAddress,
  addressOfAccount,
  Backoff,
  type BridgeConnector,
  type Capabilities,
  type ConnectorContext,
  type ConnectorFactory,
  type ConnectorInfo,
  type Handover,
  networkAddress,
  remoteId,
  type Wire,
} from '@gatehouse/bridge-kit'
import { deliveredOutcome, failedOutcome } from '@gatehouse/delivery'
import type { CodeTable } from '@gatehouse/errors'
import { type DeliveryOutcome, type MessageEvent, parseAddress } from '@gatehouse/im-model'
import { z } from 'zod'

const config = z.strictObject({
  host: z.string().min(1).describe('Server of the network.'),
  port: z.number().int().min(1).max(65_535).describe('Its port.'),
  domain: z.string().min(1).describe('Domain that people of the network have here.'),
})

type LineChatConfig = z.infer<typeof config>

const lineChatCodes = {
  'GH-LINECHAT-AWAY': { summary: 'The server is away.', remedy: 'See whether it runs.', retry: 'later', sip: 480 },
  'GH-LINECHAT-LOST': {
    summary: 'The connection was lost before the server acknowledged; it may have the message.',
    remedy: 'Ask the recipient.',
    retry: 'never',
    sip: 408,
  },
  'GH-LINECHAT-NOBODY': { summary: 'There is no such person.', remedy: 'Check the address.', retry: 'never', sip: 404 },
} as const satisfies CodeTable

const capabilities: Capabilities = {
  features: {
    richText: 'dropped',
    subject: 'fallback',
    correction: 'fallback',
    files: 'fallback',
    typing: 'dropped',
    deliveredReceipt: 'dropped',
    displayedReceipt: 'dropped',
    presence: 'dropped',
    subscription: 'rejected',
    groups: 'rejected',
    offline: 'dropped',
    refusal: 'full',
  },
  limits: { maxTextBytes: 8_000, splitting: 'allowed', maxCorrectionAgeS: 0, messagesPerSecond: 0 },
}

const CONNECT_TIMEOUT_MS = 5_000
/** Longer is no message of this network, and must not fill our memory. */
const LONGEST_LINE = 100_000

/** What goes over the wire, one per line. */
type Line =
  | { readonly type: 'message'; readonly id: string; readonly from: string; readonly to: string; readonly text: string }
  | { readonly type: 'ack' | 'no'; readonly id: string; readonly text?: string }

class LineChat implements BridgeConnector {
  readonly info: ConnectorInfo
  readonly addressing: Addressing
  readonly #config: LineChatConfig
  readonly #context: ConnectorContext
  readonly #backoff = new Backoff({ firstMs: 200, longestMs: 30_000 })
  /** Messages that the server has not acknowledged yet. */
  readonly #open = new Map<string, (outcome: DeliveryOutcome) => void>()
  #wire: Wire | undefined
  #isStopped = false
  #ids = 0

  constructor(given: LineChatConfig, context: ConnectorContext) {
    this.#config = given
    this.#context = context
    this.info = { protocol: 'linechat', kind: 'servers', domains: [given.domain], capabilities }
    this.addressing = {
      toNetwork: (address) => {
        const account = accountOfAddress(address, given.domain)
        return account === undefined ? undefined : networkAddress(account)
      },
      fromNetwork: (person) => addressOfAccount(person, given.domain),
    }
  }

  async start(): Promise<void> {
    await this.#connect()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#wire?.stream.destroy()
    this.#lost()
  }

  send({ envelope }: Handover<MessageEvent>): Promise<DeliveryOutcome> {
    const to = this.addressing.toNetwork(envelope.to)
    if (to === undefined) return Promise.resolve(failedOutcome(lineChatCodes, 'GH-LINECHAT-NOBODY'))
    // nothing was written yet: the far side surely has nothing
    if (this.#wire === undefined) return Promise.resolve(failedOutcome(lineChatCodes, 'GH-LINECHAT-AWAY'))
    const id = `g${++this.#ids}`
    const from = `${envelope.from.user}@${envelope.from.domain}`
    return new Promise((resolve) => {
      this.#open.set(id, resolve)
      this.#write({ type: 'message', id, from, to, text: envelope.content.text })
    })
  }

  /** One attempt; the next one follows after a while, for as long as nobody stops us. */
  async #connect(): Promise<void> {
    const { host, port } = this.#config
    try {
      const wire = await this.#context.wires.connect({ host, port, timeoutMs: CONNECT_TIMEOUT_MS })
      if (this.#isStopped) return void wire.stream.destroy()
      this.#wire = wire
      this.#backoff.succeeded()
      this.#context.report({ state: 'connected', code: '', detail: '' })
      this.#read(wire)
    } catch (thrown) {
      this.#context.log.info({ err: thrown }, 'the server cannot be reached')
      this.#lost()
    }
  }

  #read(wire: Wire): void {
    let rest = ''
    wire.stream.setEncoding('utf8')
    wire.stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#handle(line)
      if (rest.length > LONGEST_LINE) wire.stream.destroy()
    })
    wire.stream.once('close', () => this.#lost())
  }

  #handle(text: string): void {
    const line = readLine(text)
    if (line === undefined) return
    if (line.type === 'message') return void this.#take(line)
    const settle = this.#open.get(line.id)
    this.#open.delete(line.id)
    settle?.(line.type === 'ack' ? deliveredOutcome(line.id) : failedOutcome(lineChatCodes, 'GH-LINECHAT-NOBODY'))
  }

  /** Somebody of the network writes: the core decides, archives, delivers, and says what became of it. */
  async #take(line: Line & { readonly type: 'message' }): Promise<void> {
    const from = this.addressing.fromNetwork(networkAddress(line.from))
    const to = parseAddress(line.to)
    if (from === undefined || to === undefined) return this.#write({ type: 'no', id: line.id, text: 'no such address' })
    try {
      const outcome = await this.#context.receive({
        side: 'external',
        from,
        to,
        conversation: '',
        remoteId: remoteId(line.id),
        content: { kind: 'message', messageId: line.id, text: line.text },
        method: 'MESSAGE',
        // the network knows its accounts, and vouches for none of them
        evidence: { class: 'V1', by: 'account' },
        source: { remote: this.#config.host, server: this.#config.host },
      })
      const isTaken = outcome.status !== 'failed'
      this.#write(isTaken ? { type: 'ack', id: line.id } : { type: 'no', id: line.id, text: outcome.notice })
    } catch (thrown) {
      this.#context.log.error({ err: thrown }, 'a message was not taken in')
    }
  }

  #write(line: Line): void {
    this.#wire?.stream.write(`${JSON.stringify(line)}\n`)
  }

  #lost(): void {
    this.#wire = undefined
    for (const settle of this.#open.values()) settle(failedOutcome(lineChatCodes, 'GH-LINECHAT-LOST', '', { isCertain: false }))
    this.#open.clear()
    if (this.#isStopped) return
    this.#context.report({ state: 'away', code: 'GH-LINECHAT-AWAY', detail: `${this.#config.host}:${this.#config.port}` })
    this.#context.clock.after(this.#backoff.failed(this.#context.random()), () => void this.#connect())
  }
}

/** Undefined for anything that is no line of this network: a server may send what it likes. */
function readLine(text: string): Line | undefined {
  try {
    const { type, id, from, to, text: said } = JSON.parse(text) as Record<string, unknown>
    if (typeof id !== 'string') return undefined
    if (type === 'ack' || type === 'no') return { type, id }
    const isMessage = type === 'message' && typeof from === 'string' && typeof to === 'string' && typeof said === 'string'
    return isMessage ? { type, id, from, to, text: said } : undefined
  } catch {
    return undefined
  }
}

export const lineChat = {
  protocol: 'linechat',
  config,
  codes: lineChatCodes,
  create: (given, context) => new LineChat(given, context),
} satisfies ConnectorFactory<LineChatConfig>
