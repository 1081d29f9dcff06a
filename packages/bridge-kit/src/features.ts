import type { DeliveryOutcome, MessageEvent, PresenceEvent, ReceiptEvent, SessionEvent, TypingEvent } from '@gatehouse/im-model'
import type { LinkedAccount } from './account.ts'
import type { BridgeConnector } from './connector.ts'
import type { Handover } from './handover.ts'
import type { AccountId } from './ids.ts'
import type { StateReport } from './state.ts'

/** Typing notices. Fire and forget: what cannot be sent at once is dropped. */
export interface TypingHandling {
  sendTyping(handover: Handover<TypingEvent>): Promise<DeliveryOutcome>
}

/** Receipts of our user's client for messages of theirs; `content.of` is the `messageId` that the connector gave the message. */
export interface ReceiptHandling {
  sendReceipt(handover: Handover<ReceiptEvent>): Promise<DeliveryOutcome>
}

export interface PresenceHandling {
  sendPresence(handover: Handover<PresenceEvent>): Promise<DeliveryOutcome>
}

/** Networks on which a conversation is opened and ended. */
export interface SessionHandling {
  sendSession(handover: Handover<SessionEvent>): Promise<DeliveryOutcome>
}

/** Messages with offers of files (links). Without it the core writes the links into the text. */
export interface FileHandling {
  sendFiles(handover: Handover<MessageEvent>): Promise<DeliveryOutcome>
}

/** Messages whose `html` the network can show. Without it the core leaves the plain text only. */
export interface RichTextHandling {
  sendRichText(handover: Handover<MessageEvent>): Promise<DeliveryOutcome>
}

/** Conversations of more than two: `handover.envelope.to` is the room. */
export interface GroupHandling {
  joinGroup(handover: Handover<SessionEvent>): Promise<DeliveryOutcome>
  leaveGroup(handover: Handover<SessionEvent>): Promise<DeliveryOutcome>
  sendToGroup(handover: Handover<MessageEvent>): Promise<DeliveryOutcome>
}

/** Networks one logs in to. The core calls on exactly one replica per account, and calls again after a while when an account is away. */
export interface AccountHandling {
  /** One attempt: resolves with how it ended, `connected`, `away` or `refused`. A loss later on is told by `ConnectorContext.report`. */
  connectAccount(account: LinkedAccount): Promise<StateReport>
  /** Logs out; afterwards nothing comes from the account any more. Also called for accounts that are not connected. */
  disconnectAccount(account: AccountId): Promise<void>
}

interface Features {
  readonly typing: TypingHandling
  readonly receipts: ReceiptHandling
  readonly presence: PresenceHandling
  readonly sessions: SessionHandling
  readonly files: FileHandling
  readonly richText: RichTextHandling
  readonly groups: GroupHandling
  readonly accounts: AccountHandling
}

export type ConnectorFeature = keyof Features

const METHODS = {
  typing: ['sendTyping'],
  receipts: ['sendReceipt'],
  presence: ['sendPresence'],
  sessions: ['sendSession'],
  files: ['sendFiles'],
  richText: ['sendRichText'],
  groups: ['joinGroup', 'leaveGroup', 'sendToGroup'],
  accounts: ['connectAccount', 'disconnectAccount'],
} as const satisfies { readonly [F in ConnectorFeature]: readonly (keyof Features[F])[] }

export const CONNECTOR_FEATURES: readonly ConnectorFeature[] = Object.keys(METHODS) as ConnectorFeature[]

/** Whether a connector has the interface of a feature; the only way to its methods. */
export function supports<F extends ConnectorFeature>(connector: BridgeConnector, feature: F): connector is BridgeConnector & Features[F] {
  const methods: readonly string[] = METHODS[feature]
  return methods.every((method) => typeof (connector as unknown as Record<string, unknown>)[method] === 'function')
}
