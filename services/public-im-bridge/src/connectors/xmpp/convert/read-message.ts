import type { FileOffer, ImContent, MessageEvent, ReceiptWish, TypingEvent } from '@gatehouse/im-model'
import { ns, type StanzaCondition, type XmlElement } from '@gatehouse/xmpp-core'
import { extension } from './extension-namespaces.ts'
import { sanitiseXhtml } from './sanitise-xhtml.ts'
import { styleText } from './style-text.ts'

/** What a message stanza is for us: events in order, or an error to answer; both may be empty. */
export interface MessageReading {
  readonly events: readonly ImContent[]
  readonly refusal: { readonly condition: StanzaCondition; readonly text: string } | undefined
}

const NOTHING: MessageReading = { events: [], refusal: undefined }
const MAX_FILES = 8
const NO_GROUPS = 'Group chats do not pass this gateway. Please write to the person directly.'
const NO_ENCRYPTION = 'End-to-end encrypted messages do not pass this gateway. Please switch encryption off for this contact.'

/** RFC 7572 §4, RFC 7573 §4, and the extensions of `extension-namespaces.ts`. Never throws. */
export function readMessage(stanza: XmlElement): MessageReading {
  const type = stanza.attr('type')
  if (type === 'error') return NOTHING
  if (type === 'groupchat' || isInvitation(stanza)) return refuse('feature-not-implemented', NO_GROUPS)
  // A copy of somebody's own conversation can only come from his own server (XEP-0280 §11).
  if (has(stanza, 'received', extension.carbons) || has(stanza, 'sent', extension.carbons)) return NOTHING
  const events: ImContent[] = []
  const receipt = receiptOf(stanza)
  if (receipt !== undefined) events.push(receipt)
  const message = messageOf(stanza)
  if (message === undefined && isEncrypted(stanza)) return refuse('not-acceptable', NO_ENCRYPTION)
  if (message !== undefined) events.push(message)
  const typing = typingOf(stanza, message !== undefined)
  if (typing !== undefined) events.push(typing)
  return { events, refusal: undefined }
}

function refuse(condition: StanzaCondition, text: string): MessageReading {
  return { events: [], refusal: { condition, text } }
}

function has(stanza: XmlElement, name: string, namespace: string): boolean {
  return stanza.child(name, namespace) !== undefined
}

function isInvitation(stanza: XmlElement): boolean {
  return has(stanza, 'x', extension.conference) || stanza.child('x', extension.mucUser)?.child('invite') !== undefined
}

function isEncrypted(stanza: XmlElement): boolean {
  return (
    has(stanza, 'encryption', extension.encryption) ||
    has(stanza, 'encrypted', extension.omemoLegacy) ||
    has(stanza, 'encrypted', extension.omemo)
  )
}

function receiptOf(stanza: XmlElement): ImContent | undefined {
  const delivered = stanza.child('received', extension.receipts)?.attr('id') ?? stanza.child('received', extension.markers)?.attr('id')
  const displayed = stanza.child('displayed', extension.markers)?.attr('id') ?? stanza.child('acknowledged', extension.markers)?.attr('id')
  const of = displayed ?? delivered
  if (of === undefined || of === '') return undefined
  return { kind: 'receipt', of, state: displayed === undefined ? 'delivered' : 'displayed', code: '' }
}

function messageOf(stanza: XmlElement): MessageEvent | undefined {
  const body = stanza.child('body')?.text() ?? ''
  const files = filesOf(stanza)
  // A file offered in the way of XEP-0363 has its link as body, for those who do not know better.
  const text = files.some(({ url }) => url === body.trim()) ? '' : body
  if (text === '' && files.length === 0) return undefined
  const subject = stanza.child('subject')?.text() ?? ''
  const language = languageOf(stanza)
  const replaces = stanza.child('replace', extension.correction)?.attr('id')
  const wants = wishesOf(stanza)
  const html = htmlOf(stanza, text)
  return {
    kind: 'message',
    messageId: stanza.attr('id') ?? '',
    text,
    ...(html === undefined ? {} : { html }),
    ...(subject === '' ? {} : { subject }),
    ...(language === undefined ? {} : { language }),
    ...(replaces === undefined || replaces === '' ? {} : { replaces }),
    ...(files.length === 0 ? {} : { files }),
    ...(wants.length === 0 ? {} : { wants }),
  }
}

/** RFC 7572 §8: of the text itself, else of the stanza; anything but a tag of RFC 5646 is left out. */
function languageOf(stanza: XmlElement): string | undefined {
  const tag = stanza.child('body')?.attr('xml:lang') ?? stanza.attr('xml:lang')
  return tag !== undefined && /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/.test(tag) ? tag : undefined
}

function htmlOf(stanza: XmlElement, text: string): string | undefined {
  const body = stanza.child('html', extension.xhtmlIm)?.child('body', extension.xhtml)
  if (body !== undefined) {
    const html = sanitiseXhtml(body)
    return html === '' ? undefined : html
  }
  return has(stanza, 'unstyled', extension.styling) ? undefined : styleText(text)
}

function filesOf(stanza: XmlElement): FileOffer[] {
  const files: FileOffer[] = []
  for (const element of stanza.elements()) {
    if (!element.is('x', extension.outOfBand) || files.length >= MAX_FILES) continue
    const url = element.child('url')?.text().trim() ?? ''
    if (!/^https?:\/\/[^\s]+$/i.test(url) || url.length > 4096) continue
    files.push({ url, name: element.child('desc')?.text().trim().slice(0, 256) ?? '', mediaType: '', bytes: undefined })
  }
  return files
}

function wishesOf(stanza: XmlElement): ReceiptWish[] {
  const wants: ReceiptWish[] = []
  // Without an id there is nothing a receipt could name (XEP-0184 §5.2).
  if ((stanza.attr('id') ?? '') === '') return wants
  if (has(stanza, 'request', extension.receipts)) wants.push('delivered')
  if (has(stanza, 'markable', extension.markers)) wants.push('displayed')
  return wants
}

function typingOf(stanza: XmlElement, isMessage: boolean): TypingEvent | undefined {
  for (const element of stanza.elements()) {
    if (element.ns !== extension.chatStates) continue
    const { name } = element
    // With a message `active` says only that typing is over, which the message says as well (XEP-0085 §5.1).
    if (name === 'active' && isMessage) return undefined
    if (name === 'composing' || name === 'paused' || name === 'active' || name === 'inactive' || name === 'gone')
      return { kind: 'typing', state: name }
  }
  return undefined
}

/** The id that stays the same when the message is sent again; empty: none (XEP-0359). */
export function stableIdOf(stanza: XmlElement): string {
  return stanza.child('origin-id', extension.stableId)?.attr('id') ?? stanza.attr('id') ?? ''
}

/** The thread; empty: none. Its content namespace is that of the stanza. */
export function threadOf(stanza: XmlElement): string {
  return stanza.child('thread', ns.client)?.text().trim().slice(0, 255) ?? ''
}
