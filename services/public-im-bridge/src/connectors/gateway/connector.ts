import { readFileSync } from 'node:fs'
import {
  type Addressing,
  type BridgeConnector,
  type Capabilities,
  type ConnectorContext,
  type ConnectorFactory,
  type ConnectorInfo,
  type Handover,
  networkAddress,
} from '@gatehouse/bridge-kit'
import { failedOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome, MessageEvent } from '@gatehouse/im-model'
import { GatewayService } from '@gatehouse/proto'
import { createRpcServer, type RpcServer, type RpcTls } from '@gatehouse/rpc'
import { Applications } from './applications.ts'
import { type GatewayConfig, gatewayConfig } from './config.ts'
import { gatewayApiCodes } from './errors.ts'
import { GatewayHandlers } from './gateway-handlers.ts'
import { Mailbox } from './mailbox.ts'

const capabilities: Capabilities = {
  features: {
    richText: 'dropped',
    subject: 'fallback',
    correction: 'fallback',
    files: 'fallback',
    typing: 'dropped',
    deliveredReceipt: 'full',
    displayedReceipt: 'dropped',
    presence: 'dropped',
    subscription: 'rejected',
    groups: 'rejected',
    offline: 'dropped',
    refusal: 'full',
  },
  limits: { maxTextBytes: 65_536, splitting: 'refused', maxCorrectionAgeS: 0, messagesPerSecond: 0 },
}

/** Applications of our own as users of a domain of our own: the Gateway API. */
class GatewayConnector implements BridgeConnector {
  readonly info: ConnectorInfo
  readonly addressing: Addressing
  readonly #config: GatewayConfig
  readonly #context: ConnectorContext
  readonly #applications: Applications
  readonly #mailboxes: ReadonlyMap<string, Mailbox>
  #server: RpcServer | undefined

  constructor(config: GatewayConfig, context: ConnectorContext) {
    this.#config = config
    this.#context = context
    this.#applications = new Applications(config)
    this.#mailboxes = new Map(config.applications.map(({ name }) => [name, new Mailbox(config.maxUnconfirmed)]))
    this.info = { protocol: 'gateway', kind: 'servers', domains: [config.domain], capabilities }
    this.addressing = {
      toNetwork: (address) => (this.#applications.of(address) === undefined ? undefined : networkAddress(address.user.toLowerCase())),
      fromNetwork: (person) => {
        const address = { user: person.toLowerCase(), domain: config.domain }
        return this.#applications.of(address) === undefined ? undefined : address
      },
    }
  }

  async start(): Promise<void> {
    const { listen, domain } = this.#config
    const { log } = this.#context
    const tls = readTls(this.#config)
    const handlers = new GatewayHandlers({
      applications: this.#applications,
      mailbox: (application) => this.#mailboxes.get(application) as Mailbox,
      receive: (event) => this.#context.receive(event),
      server: domain,
    })
    this.#server = createRpcServer({ listen, log, ...(tls === undefined ? {} : { tls }) }).add(GatewayService, handlers)
    const address = await this.#server.start()
    this.#context.report({ state: 'connected', code: '', detail: `serves applications at ${address}` })
  }

  async stop(graceMs: number): Promise<void> {
    for (const mailbox of this.#mailboxes.values()) mailbox.close()
    await this.#server?.stop(graceMs)
    this.#server = undefined
  }

  send({ envelope, mark, deadlineMs }: Handover<MessageEvent>): Promise<DeliveryOutcome> {
    const application = this.#applications.of(envelope.to)
    if (application === undefined) return Promise.resolve(failedOutcome(gatewayApiCodes, 'GH-GATEWAY-NOBODY'))
    if (this.#server === undefined) return Promise.resolve(failedOutcome(gatewayApiCodes, 'GH-GATEWAY-AWAY'))
    const { from, to, conversation, content, receivedAtMs } = envelope
    const parcel = {
      fromAddress: `${from.user}@${from.domain}`,
      toAddress: `${to.user}@${to.domain}`,
      text: content.text,
      conversation,
      messageId: content.messageId,
      mark,
      receivedAtMs,
    }
    return (this.#mailboxes.get(application) as Mailbox).put(parcel, Math.max(1, deadlineMs - this.#context.clock.nowMs()))
  }
}

function readTls({ tls }: GatewayConfig): RpcTls | undefined {
  if (tls === undefined) return undefined
  const read = (name: string): string => readFileSync(name, 'utf8')
  return { certPem: read(tls.certFile), keyPem: read(tls.keyFile), caPem: read(tls.caFile) }
}

export const gateway = {
  protocol: 'gateway',
  config: gatewayConfig,
  codes: gatewayApiCodes,
  create: (config, context) => new GatewayConnector(config, context),
} satisfies ConnectorFactory<GatewayConfig>
