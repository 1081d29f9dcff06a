import type {
  AccountHandling,
  AccountId,
  Addressing,
  BridgeConnector,
  ConnectorContext,
  ConnectorFactory,
  ConnectorInfo,
  Handover,
  LinkedAccount,
  PresenceHandling,
  ReceiptHandling,
  StateReport,
  TypingHandling,
} from '@gatehouse/bridge-kit'
import { failedOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome, MessageEvent, PresenceEvent, ReceiptEvent, TypingEvent } from '@gatehouse/im-model'
import { ircCodes } from '@gatehouse/irc-core'
import { ircCapabilities } from './capabilities.ts'
import { type IrcConfig, ircConfig } from './config.ts'
import { IrcAccount } from './irc-account.ts'
import { ircAddressing } from './people.ts'

/** IRC: one connection for each linked account, direct messages only. */
class IrcConnector implements BridgeConnector, AccountHandling, TypingHandling, ReceiptHandling, PresenceHandling {
  readonly info: ConnectorInfo
  readonly addressing: Addressing
  readonly #config: IrcConfig
  readonly #context: ConnectorContext
  readonly #accounts = new Map<AccountId, IrcAccount>()
  #isStopped = false

  constructor(config: IrcConfig, context: ConnectorContext) {
    this.#config = config
    this.#context = context
    this.info = { protocol: 'irc', kind: 'accounts', domains: [config.domain], capabilities: ircCapabilities }
    this.addressing = ircAddressing(config.domain)
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all([...this.#accounts.keys()].map((id) => this.disconnectAccount(id)))
  }

  async connectAccount(account: LinkedAccount): Promise<StateReport> {
    if (this.#isStopped) return { account: account.id, state: 'stopped', code: '', detail: '' }
    await this.disconnectAccount(account.id)
    const opened = new IrcAccount(account, this.#config, this.#context, this.addressing)
    this.#accounts.set(account.id, opened)
    const report = await opened.connect()
    if (report.state !== 'connected' && this.#accounts.get(account.id) === opened) this.#accounts.delete(account.id)
    return report
  }

  async disconnectAccount(account: AccountId): Promise<void> {
    const open = this.#accounts.get(account)
    this.#accounts.delete(account)
    await open?.disconnect()
  }

  send(handover: Handover<MessageEvent>): Promise<DeliveryOutcome> {
    if (this.addressing.toNetwork(handover.envelope.to) === undefined) {
      return Promise.resolve({ ...failedOutcome(ircCodes, 'GH-IRC-NO-SUCH-NICK'), retry: 'never', sipStatus: 404 })
    }
    return this.#of(handover)?.send(handover) ?? Promise.resolve(failedOutcome(ircCodes, 'GH-IRC-NOT-CONNECTED'))
  }

  sendTyping(handover: Handover<TypingEvent>): Promise<DeliveryOutcome> {
    return Promise.resolve(this.#of(handover)?.sendTyping(handover) ?? failedOutcome(ircCodes, 'GH-IRC-NOT-CONNECTED'))
  }

  sendReceipt(handover: Handover<ReceiptEvent>): Promise<DeliveryOutcome> {
    return this.#of(handover)?.sendReceipt(handover) ?? Promise.resolve(failedOutcome(ircCodes, 'GH-IRC-NOT-CONNECTED'))
  }

  sendPresence(handover: Handover<PresenceEvent>): Promise<DeliveryOutcome> {
    return Promise.resolve(this.#of(handover)?.sendPresence(handover) ?? failedOutcome(ircCodes, 'GH-IRC-NOT-CONNECTED'))
  }

  #of({ account }: Handover): IrcAccount | undefined {
    return account === undefined ? undefined : this.#accounts.get(account)
  }
}

export const irc = {
  protocol: 'irc',
  config: ircConfig,
  codes: ircCodes,
  create: (config, context) => new IrcConnector(config, context),
} satisfies ConnectorFactory<IrcConfig>
