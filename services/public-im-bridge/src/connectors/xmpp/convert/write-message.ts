import type { FileOffer, MessageEvent, PresenceEvent, ReceiptEvent, TypingEvent } from '@gatehouse/im-model'
import { ns, type XmlElement, xml } from '@gatehouse/xmpp-core'
import { extension } from './extension-namespaces.ts'

export interface StanzaAddresses {
  /** Full: with the resource that stands for our user's clients. */
  readonly from: string
  readonly fromBare: string
  readonly to: string
  readonly id: string
  readonly thread: string
  readonly language?: string | undefined
}

/** RFC 7572 §5; the state `active` says that we know typing notices (XEP-0085 §5.1). */
export function writeMessage(addresses: StanzaAddresses, message: MessageEvent): XmlElement {
  const { subject, language, replaces, wants = [] } = message
  return chat(
    { ...addresses, language },
    subject === undefined ? undefined : xml('subject', ns.client, {}, subject),
    xml('body', ns.client, {}, message.text),
    addresses.thread === '' ? undefined : xml('thread', ns.client, {}, addresses.thread),
    xml('active', extension.chatStates),
    replaces === undefined ? undefined : xml('replace', extension.correction, { id: replaces }),
    wants.includes('delivered') ? xml('request', extension.receipts) : undefined,
    wants.includes('displayed') ? xml('markable', extension.markers) : undefined,
  )
}

/** The link of a file, in the two ways in which clients look for it (XEP-0363 §6, XEP-0066 §3). */
export function writeFile(addresses: StanzaAddresses, file: FileOffer): XmlElement {
  const description = file.name === '' ? undefined : xml('desc', extension.outOfBand, {}, file.name)
  return chat(
    addresses,
    xml('body', ns.client, {}, file.url),
    xml('x', extension.outOfBand, {}, xml('url', extension.outOfBand, {}, file.url), description),
  )
}

/** Words of the gate itself: kept by the other server for whoever is offline, as of type `normal` (RFC 6121 §5.2.2). */
export function writeNotice({ from, to, id, thread }: StanzaAddresses, text: string): XmlElement {
  const body = xml('body', ns.client, {}, text)
  const threadOf = thread === '' ? undefined : xml('thread', ns.client, {}, thread)
  return xml('message', ns.client, { from, to, id, type: 'normal' }, body, threadOf)
}

export function writeTyping(addresses: StanzaAddresses, typing: TypingEvent): XmlElement {
  return chat(addresses, xml(typing.state, extension.chatStates), xml('no-store', extension.hints))
}

/** Undefined: XMPP has no word for it; a failure is told as the error of the message itself. */
export function writeReceipt(addresses: StanzaAddresses, receipt: ReceiptEvent): XmlElement | undefined {
  if (receipt.state === 'delivered')
    return chat(addresses, xml('received', extension.receipts, { id: receipt.of }), xml('store', extension.hints))
  if (receipt.state === 'displayed')
    return chat(addresses, xml('displayed', extension.markers, { id: receipt.of }), xml('store', extension.hints))
  return undefined
}

/** RFC 8048 §5.3, §6.3; subscriptions are between accounts, presence itself comes from a client (RFC 6121 §3, §4.2). */
export function writePresence(addresses: StanzaAddresses, presence: PresenceEvent): XmlElement {
  const { type, show, note } = presence
  const isOfClient = type === 'available' || type === 'unavailable'
  return xml(
    'presence',
    ns.client,
    {
      from: isOfClient ? addresses.from : addresses.fromBare,
      to: addresses.to,
      id: addresses.id,
      type: type === 'available' ? undefined : type,
    },
    show === undefined || type !== 'available' ? undefined : xml('show', ns.client, {}, show),
    note === undefined || note === '' ? undefined : xml('status', ns.client, {}, note),
  )
}

function chat(addresses: StanzaAddresses, ...children: readonly (XmlElement | undefined)[]): XmlElement {
  const { from, to, id, language } = addresses
  return xml('message', ns.client, { from, to, id, type: 'chat', 'xml:lang': language }, ...children)
}
