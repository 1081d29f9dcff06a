import type { ReceiptEvent } from '@gatehouse/im-model'
import { escapeXml, findElement, readXml, type XmlElement } from './xml-reader.ts'

export const IMDN = 'message/imdn+xml'
const MAX_ID = 512

/** Status elements of RFC 5438 §7.1.2 that have a meaning elsewhere; `stored` and `processed` tell of relays, not of people. */
const STATES: ReadonlyMap<string, ReceiptEvent['state']> = new Map([
  ['delivered', 'delivered'],
  ['displayed', 'displayed'],
  ['failed', 'failed'],
  ['forbidden', 'error'],
  ['error', 'error'],
])
const NOTIFICATIONS = ['delivery-notification', 'display-notification', 'processing-notification']

/** RFC 5438 §7.2. `nothing`: a notification that only relays care about. Undefined: no IMDN. */
export function readImdn(body: Uint8Array): ReceiptEvent | 'nothing' | undefined {
  const root = readXml(body)
  if (root?.name !== 'imdn') return undefined
  const of = findElement(root, 'message-id')?.text.trim() ?? ''
  const status = NOTIFICATIONS.map((name) => root.children.find((child) => child.name === name)).find((found) => found !== undefined)
  if (of === '' || of.length > MAX_ID || status === undefined) return undefined
  const state = stateIn(status)
  return state === undefined ? 'nothing' : { kind: 'receipt', of, state, code: '' }
}

function stateIn(notification: XmlElement): ReceiptEvent['state'] | undefined {
  const [word] = findElement(notification, 'status')?.children ?? []
  return word === undefined ? undefined : STATES.get(word.name)
}

/** RFC 5438 §7.2.1. `recipient`: URI of the one the original message was for. */
export function renderImdn(event: ReceiptEvent, recipient: string, atMs: number): Uint8Array {
  const notification = event.state === 'displayed' ? 'display-notification' : 'delivery-notification'
  const parts = [
    '<?xml version="1.0" encoding="UTF-8"?><imdn xmlns="urn:ietf:params:xml:ns:imdn">',
    `<message-id>${escapeXml(event.of)}</message-id><datetime>${new Date(atMs).toISOString()}</datetime>`,
    `<recipient-uri>${escapeXml(recipient)}</recipient-uri>`,
    `<${notification}><status><${event.state}/></status></${notification}></imdn>`,
  ]
  return Buffer.from(parts.join(''))
}
