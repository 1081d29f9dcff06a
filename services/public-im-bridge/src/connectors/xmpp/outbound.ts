import { givenUpWords, type Handover } from '@gatehouse/bridge-kit'
import { deliveredOutcome, failedOutcome, sentOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome, FileOffer, MessageEvent, PresenceEvent, ReceiptEvent, TypingEvent } from '@gatehouse/im-model'
import { readStanzaError, type XmlElement } from '@gatehouse/xmpp-core'
import { xmppAddressing } from './addressing.ts'
import { statusOfCondition } from './convert/error-status.ts'
import {
  type StanzaAddresses,
  writeFile,
  writeMessage,
  writeNotice,
  writePresence,
  writeReceipt,
  writeTyping,
} from './convert/write-message.ts'
import { xmppCodes } from './errors.ts'
import type { StanzaFate, TrackedStanza } from './link/stanza-lane.ts'

/** The resource that stands for whatever clients our user has. */
export const GATE_RESOURCE = 'gatehouse'

/** Puts a stanza on its way: to another domain, or into a home server of ours. */
export type StanzaRoute = (
  way: { readonly from: string; readonly to: string; readonly side: Handover['side'] },
  tracked: TrackedStanza,
) => void

/** Hands over what the core gives: event to stanza, and the stanza's fate to an outcome. */
export class Outbound {
  readonly #route: StanzaRoute

  constructor(route: StanzaRoute) {
    this.#route = route
  }

  sendMessage(handover: Handover<MessageEvent>): Promise<DeliveryOutcome> {
    return this.#send(handover, handover.envelope.content.messageId, (addresses) => writeMessage(addresses, handover.envelope.content))
  }

  /** The text, then each link as a message of its own; what fails first is what the sender is told. */
  async sendFiles(handover: Handover<MessageEvent>): Promise<DeliveryOutcome> {
    const { content } = handover.envelope
    let outcome = content.text === '' ? undefined : await this.sendMessage(handover)
    for (const [index, file] of (content.files ?? []).entries()) {
      if (outcome !== undefined && outcome.status === 'failed') break
      outcome = await this.#sendFile(handover, file, index)
    }
    return outcome ?? this.sendMessage(handover)
  }

  sendTyping(handover: Handover<TypingEvent>): Promise<DeliveryOutcome> {
    return this.#send(handover, '', (addresses) => writeTyping(addresses, handover.envelope.content))
  }

  sendReceipt(handover: Handover<ReceiptEvent>): Promise<DeliveryOutcome> {
    const { content, from } = handover.envelope
    const words = givenUpWords(handover)
    // Of the gate itself, by the name of the domain: a person did not say it, and an error to a bare address is dropped (RFC 6121 §8.5.2.1.1).
    if (words !== undefined) return this.#send(handover, '', (addresses) => writeNotice({ ...addresses, from: from.domain }, words))
    if (content.state !== 'delivered' && content.state !== 'displayed') return Promise.resolve(sentOutcome())
    return this.#send(handover, '', (addresses) => writeReceipt(addresses, content))
  }

  sendPresence(handover: Handover<PresenceEvent>): Promise<DeliveryOutcome> {
    return this.#send(handover, '', (addresses) => writePresence(addresses, handover.envelope.content))
  }

  #sendFile(handover: Handover<MessageEvent>, file: FileOffer, index: number): Promise<DeliveryOutcome> {
    const { content } = handover.envelope
    const id = content.text === '' && index === 0 ? content.messageId : `${content.messageId}-${index + 1}`
    return this.#send(handover, id, (addresses) => writeFile(addresses, file))
  }

  #send(handover: Handover, messageId: string, write: (addresses: StanzaAddresses) => XmlElement | undefined): Promise<DeliveryOutcome> {
    const { envelope, side, deadlineMs } = handover
    const from = xmppAddressing.toNetwork(envelope.from)
    const to = xmppAddressing.toNetwork(envelope.to)
    if (from === undefined || to === undefined) {
      return Promise.resolve(failedOutcome(xmppCodes, 'GH-XMPP-ADDRESS', from === undefined ? 'of the sender' : 'of the recipient'))
    }
    const id = messageId === '' ? Buffer.from(envelope.id).toString('hex') : messageId
    const stanza = write({ from: `${from}/${GATE_RESOURCE}`, fromBare: from, to, id, thread: envelope.conversation })
    if (stanza === undefined) return Promise.resolve(sentOutcome())
    return new Promise((resolve) => {
      const onFate = (fate: StanzaFate): void => resolve(outcomeOf(fate, id))
      this.#route(
        { from: domainOf(from), to: domainOf(to), side },
        {
          stanza,
          deadlineMs,
          wantsProof: envelope.content.kind === 'message' || handover.waited === true,
          waited: handover.waited,
          onFate,
        },
      )
    })
  }
}

function domainOf(bare: string): string {
  return bare.slice(bare.lastIndexOf('@') + 1)
}

/** XMPP servers say what they refuse, not what a person has read: `taken` is more than `sent` only where that is asked for (XEP-0184). */
function outcomeOf(fate: StanzaFate, id: string): DeliveryOutcome {
  if (fate.kind === 'taken') return deliveredOutcome(id)
  if (fate.kind === 'written') return sentOutcome(id)
  if (fate.kind === 'failed') return failedOutcome(xmppCodes, fate.code, fate.detail, { isCertain: fate.isCertain })
  const { condition, type, text } = readStanzaError(fate.error)
  const outcome = failedOutcome(xmppCodes, 'GH-XMPP-BOUNCED', text === '' ? condition : `${condition}: ${text}`, {
    sipStatus: statusOfCondition[condition],
  })
  return type === 'wait' ? { ...outcome, retry: 'later' } : outcome
}
