import { Buffer } from 'node:buffer'
import type { Conversation } from './conversation-grouper.ts'
import { isoTime, readableBody } from './export-message.ts'
import { base64Lines, headerLine, mailDate } from './mail-text.ts'
import { zipOf } from './zip.ts'

/** One conversation in Relativity's Short Message Format 2.0: a mail with `rsmf_manifest.json` in a zip, and the same as text. */
export function rsmfOf(conversation: Conversation): Buffer {
  const { id, messages, participants } = conversation
  const [first, last] = [messages[0]!, messages.at(-1)!]
  const boundary = `gatehouse-${id}`
  const part = (type: string, more: string, content: Uint8Array): string =>
    `--${boundary}\r\nContent-Type: ${type}\r\n${more}Content-Transfer-Encoding: base64\r\n\r\n${base64Lines(content)}`
  const transcript = messages.map((message) => `${isoTime(message.atUs)} ${message.from}: ${readableBody(message)}`).join('\n')
  const manifest = Buffer.from(JSON.stringify(manifestOf(conversation)))
  const head = [
    headerLine('Date', mailDate(first.atUs)),
    headerLine('From', 'Gatehouse archive <archive@gatehouse.invalid>'),
    headerLine('Message-ID', `<${id}@archive.gatehouse.invalid>`),
    headerLine('Subject', `Conversation of ${participants.join(' and ')}`),
    headerLine('X-RSMF-Version', '2.0.0'),
    headerLine('X-RSMF-Generator', 'Gatehouse'),
    headerLine('X-RSMF-BeginDate', isoTime(first.atUs)),
    headerLine('X-RSMF-EndDate', isoTime(last.atUs)),
    headerLine('X-RSMF-EventCount', String(messages.length)),
    headerLine('X-RSMF-EventCollectionID', id),
    headerLine('X-RSMF-Participants', participants.join('; ')),
    'MIME-Version: 1.0\r\n',
    `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n`,
  ]
  return Buffer.from(
    head.join('') +
      part('text/plain; charset=utf-8', '', Buffer.from(transcript)) +
      part(
        'application/zip; name="rsmf.zip"',
        'Content-Disposition: attachment; filename="rsmf.zip"\r\n',
        zipOf('rsmf_manifest.json', manifest),
      ) +
      `--${boundary}--\r\n`,
  )
}

function manifestOf({ id, participants, messages }: Conversation): object {
  const idOf = (address: string): string => `p${participants.indexOf(address.toLowerCase()) + 1}`
  return {
    version: '2.0.0',
    eventcollectionid: id,
    participants: participants.map((address) => ({ id: idOf(address), display: address, account_id: address })),
    conversations: [
      {
        id,
        display: participants.join(', '),
        platform: 'SIP IM',
        type: 'direct',
        participants: participants.map((address) => idOf(address)),
      },
    ],
    events: messages.map((message) => ({
      type: 'message',
      id: message.id,
      conversation: id,
      participant: idOf(message.from),
      timestamp: isoTime(message.atUs),
      body: readableBody(message),
      custom: [
        { name: 'sequence', value: String(message.sequence) },
        { name: 'record-hash', value: message.hash },
        { name: 'verdict', value: message.verdict },
        { name: 'mark', value: message.mark },
        { name: 'code', value: message.code },
        { name: 'altered-body', value: message.alteredBody },
      ],
    })),
  }
}
