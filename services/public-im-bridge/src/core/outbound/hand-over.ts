import { type BridgeConnector, givenUpWords, type Handover, supports } from '@gatehouse/bridge-kit'
import { failedOutcome, sentOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome, ImContent, MessageEvent, ReceiptEvent } from '@gatehouse/im-model'
import { bridgeCodes } from '../../errors.ts'
import { fitMessage } from './fit-message.ts'

type Envelope = Handover['envelope']
/** Everything of a handover but what is said in it. */
export type Frame = Omit<Handover, 'envelope'> & { readonly envelope: Omit<Envelope, 'content'> }
/** Calls the connector under the host's guard. */
export type Guarded = (call: () => Promise<DeliveryOutcome>) => Promise<DeliveryOutcome>

/** Brings one event over by the interface that the connector has for it; what it has none for is left out or refused. */
export async function handOver(connector: BridgeConnector, frame: Frame, content: ImContent, guarded: Guarded): Promise<DeliveryOutcome> {
  const filled = <C extends ImContent>(of: C): Handover<C> => ({ ...frame, envelope: { ...frame.envelope, content: of } })
  switch (content.kind) {
    case 'message':
      return await sendMessage(connector, content, filled, guarded)
    case 'typing':
      return supports(connector, 'typing') ? await guarded(() => connector.sendTyping(filled(content))) : sentOutcome()
    case 'receipt':
      return await sendReceipt(connector, content, filled, guarded)
    case 'session':
      return supports(connector, 'sessions') ? await guarded(() => connector.sendSession(filled(content))) : sentOutcome()
    case 'presence':
      if (supports(connector, 'presence')) return await guarded(() => connector.sendPresence(filled(content)))
      // somebody who asks to see presence waits for an answer; a mere notice may be lost
      return content.type === 'subscribe' ? failedOutcome(bridgeCodes, 'GH-BRIDGE-UNSUPPORTED', 'It carries no presence.') : sentOutcome()
  }
}

/** A network without receipts loses them, but for the gate's own word that a message was given up: that is said in words. */
async function sendReceipt(
  connector: BridgeConnector,
  receipt: ReceiptEvent,
  filled: <C extends ImContent>(of: C) => Handover<C>,
  guarded: Guarded,
): Promise<DeliveryOutcome> {
  const handover = filled(receipt)
  if (supports(connector, 'receipts')) return await guarded(() => connector.sendReceipt(handover))
  const text = givenUpWords(handover)
  return text === undefined ? sentOutcome() : await guarded(() => connector.send(filled({ kind: 'message', messageId: '', text })))
}

async function sendMessage(
  connector: BridgeConnector,
  message: MessageEvent,
  filled: (of: MessageEvent) => Handover<MessageEvent>,
  guarded: Guarded,
): Promise<DeliveryOutcome> {
  const fitting = fitMessage(message, connector.info.capabilities)
  if ('problem' in fitting) return failedOutcome(bridgeCodes, fitting.problem, fitting.detail)
  let last: DeliveryOutcome | undefined
  for (const part of fitting.messages) {
    const outcome = await guarded(() => sendPart(connector, filled(part)))
    // of a message in parts some may be there already
    if (outcome.status === 'failed') return last === undefined ? outcome : { ...outcome, isCertain: false, retry: 'never' }
    last = outcome
  }
  return last ?? sentOutcome()
}

function sendPart(connector: BridgeConnector, handover: Handover<MessageEvent>): Promise<DeliveryOutcome> {
  const { files, html } = handover.envelope.content
  if (files !== undefined && supports(connector, 'files')) return connector.sendFiles(handover)
  if (html !== undefined && supports(connector, 'richText')) return connector.sendRichText(handover)
  return connector.send(handover)
}
