import { Buffer } from 'node:buffer'
import type { Conversation } from './conversation-grouper.ts'
import { type ExportMessage, readableBody } from './export-message.ts'

/** One conversation in the manner of Actiance's XML: who entered, what was said, who left, times in seconds. */
export function actianceXmlOf({ id, participants, messages }: Conversation): Buffer {
  const [first, last] = [messages[0]!, messages.at(-1)!]
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<FileDump>',
    `<Conversation Perspective="${xmlText(participants.join(', '))}">`,
    element('RoomID', id),
    element('StartTimeUTC', seconds(first.atUs)),
    ...participants.map((address) => presence('ParticipantEntered', address, first, messages)),
    ...messages.map((message) =>
      [
        '<Message>',
        element('MessageId', message.id),
        element('LoginName', message.from),
        element('DateTimeUTC', seconds(message.atUs)),
        element('Content', readableBody(message)),
        '</Message>',
      ].join(''),
    ),
    ...participants.map((address) => presence('ParticipantLeft', address, last, messages)),
    element('EndTimeUTC', seconds(last.atUs)),
    '</Conversation>',
    '</FileDump>',
  ]
  return Buffer.from(`${lines.join('\n')}\n`)
}

function presence(name: string, address: string, at: ExportMessage, messages: readonly ExportMessage[]): string {
  const own = messages.find((message) => message.from.toLowerCase() === address)
  const isInternal = own === undefined ? at.direction === 'inbound' : own.direction === 'outbound'
  const parts = [element('LoginName', address), element('InternalFlag', String(isInternal)), element('DateTimeUTC', seconds(at.atUs))]
  return `<${name}>${parts.join('')}</${name}>`
}

const seconds = (us: number): string => String(Math.floor(us / 1_000_000))
const element = (name: string, text: string): string => `<${name}>${xmlText(text)}</${name}>`

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' }

/** Characters that XML 1.0 §2.2 does not allow, lone surrogates included, become U+FFFD. */
function xmlText(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}')
    .replaceAll(/[&<>"\r]/g, (character) => ENTITIES[character] ?? '')
}
