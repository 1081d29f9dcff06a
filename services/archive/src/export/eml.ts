import { Buffer } from 'node:buffer'
import { type ExportMessage, isoTime, readableBody } from './export-message.ts'
import { base64Lines, headerLine, mailAddress, mailDate } from './mail-text.ts'

const TYPE = /^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}(;\s*[\w-]{1,40}=("[\w .:/+-]{0,100}"|[\w.:/+-]{0,100})){0,8}$/

/** One record as a mail message (RFC 5322) with what the gateway knows in `X-Gatehouse-` headers. */
export function emlOf(message: ExportMessage): Buffer {
  const isKept = message.bodyState === 'kept'
  // The type comes from the sender: anything that is not plainly a type is kept beside it and the body handed out as octets.
  const type = isKept ? (TYPE.test(message.contentType) ? message.contentType : 'application/octet-stream') : 'text/plain; charset=utf-8'
  // A part of its own kind would be parsed as mail inside the mail.
  const safeType = /^(multipart|message)\//i.test(type) ? 'application/octet-stream' : type
  const facts: readonly (readonly [string, string])[] = [
    ['Sequence', String(message.sequence)],
    ['Envelope-Id', message.id],
    ['Record-Hash', message.hash],
    ['Received', isoTime(message.atUs)],
    ['Committed', isoTime(message.committedAtUs)],
    ['From', message.from],
    ['To', message.to],
    ['Method', message.method],
    ['Call-Id', message.call],
    ['Direction', message.direction],
    ['Partner', message.partner],
    ['Verdict', message.verdict],
    ['Code', message.code],
    ['Mark', message.mark],
    ['Status', message.status === 0 ? 'unknown' : String(message.status)],
    ['Body', message.bodyState],
    ['Content-Type', message.contentType],
    ['Altered-Body', message.alteredBody],
  ]
  const head = [
    headerLine('Date', mailDate(message.atUs)),
    headerLine('From', mailAddress(message.from)),
    headerLine('To', mailAddress(message.to)),
    headerLine('Message-ID', `<${message.id}@archive.gatehouse.invalid>`),
    headerLine('Subject', `${message.method} from ${message.from} to ${message.to}`),
    ...facts.map(([name, value]) => headerLine(`X-Gatehouse-${name}`, value)),
    'MIME-Version: 1.0\r\n',
    headerLine('Content-Type', safeType === '' ? 'text/plain; charset=utf-8' : safeType),
    'Content-Transfer-Encoding: base64\r\n\r\n',
  ]
  return Buffer.from(head.join('') + base64Lines(isKept ? message.body : Buffer.from(readableBody(message))))
}
