import type { BridgeConnector, ConnectorContext, ConnectorFactory, Handover, Incoming, ReceiveOutcome } from '@gatehouse/bridge-kit'
import { remoteId } from '@gatehouse/bridge-kit'
import { sentOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome, ImAddress, MessageEvent } from '@gatehouse/im-model'
import { z } from 'zod'

/** What a scripted connector does; a test replaces what is to go wrong. */
export interface Script {
  create(context: ConnectorContext): void
  start(): Promise<void>
  stop(): Promise<void>
  send(handover: Handover<MessageEvent>): Promise<DeliveryOutcome>
}

export const wellBehaved: Script = {
  create: () => {},
  start: async () => {},
  stop: async () => {},
  send: async () => sentOutcome(),
}

/** A connector of protocol `scripted` for scripted.example that does what the test says. */
export class ScriptedNetwork {
  script: Script
  context: ConnectorContext | undefined
  starts = 0
  #ids = 0

  constructor(script: Partial<Script> = {}) {
    this.script = { ...wellBehaved, ...script }
  }

  factory(): ConnectorFactory<never> {
    const create = (_config: unknown, context: ConnectorContext): BridgeConnector => {
      this.context = context
      this.script.create(context)
      return {
        info: { protocol: 'scripted', kind: 'servers', domains: ['scripted.example'], capabilities },
        addressing: { toNetwork: () => undefined, fromNetwork: () => undefined },
        start: () => {
          this.starts++
          return this.script.start()
        },
        stop: () => this.script.stop(),
        send: (handover) => this.script.send(handover),
      }
    }
    return { protocol: 'scripted', config: z.strictObject({}), codes: {}, create } as unknown as ConnectorFactory<never>
  }

  say(user: string, to: ImAddress, text: string): Promise<ReceiveOutcome> {
    const event: Incoming = {
      side: 'external',
      from: { user, domain: 'scripted.example' },
      to,
      conversation: '',
      remoteId: remoteId(`s${++this.#ids}`),
      content: { kind: 'message', messageId: `s${this.#ids}`, text },
      method: 'MESSAGE',
      evidence: { class: 'V3', by: 'script' },
      source: { remote: '', server: 'scripted.example' },
    }
    return (this.context as ConnectorContext).receive(event)
  }
}

const capabilities: BridgeConnector['info']['capabilities'] = {
  features: {
    richText: 'dropped',
    subject: 'dropped',
    correction: 'dropped',
    files: 'fallback',
    typing: 'dropped',
    deliveredReceipt: 'dropped',
    displayedReceipt: 'dropped',
    presence: 'dropped',
    subscription: 'rejected',
    groups: 'rejected',
    offline: 'dropped',
    refusal: 'dropped',
  },
  limits: { maxTextBytes: 1_000, splitting: 'allowed', maxCorrectionAgeS: 0, messagesPerSecond: 0 },
}
