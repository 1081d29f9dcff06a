import type { ReceiptWish } from '@gatehouse/im-model'

export const CPIM = 'message/cpim'
const IMDN_NAMESPACE = 'urn:ietf:params:imdn'
const MAX_HEAD = 8_192
const MAX_HEADERS = 64

/** A message in the wrapping of RFC 3862. */
export interface CpimMessage {
  readonly subject: string
  /** RFC 5438 §6.3; empty: none. */
  readonly messageId: string
  readonly wants: readonly ReceiptWish[]
  readonly contentType: string
  readonly body: Uint8Array
}

const WISHES: ReadonlyMap<string, ReceiptWish> = new Map([
  ['positive-delivery', 'delivered'],
  ['display', 'displayed'],
  ['negative-delivery', 'failed'],
])

const DISPOSITIONS: Readonly<Record<ReceiptWish, string>> = {
  delivered: 'positive-delivery',
  displayed: 'display',
  failed: 'negative-delivery',
}

/** RFC 3862 §2: message headers, an empty line, MIME headers, an empty line, the content. Undefined: not that. Never throws. */
export function readCpim(bytes: Uint8Array): CpimMessage | undefined {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const outer = blockAt(body, 0)
  const inner = outer && blockAt(body, outer.end)
  if (outer === undefined || inner === undefined) return undefined
  const contentType = inner.lines.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  if (contentType === undefined) return undefined
  const prefix = imdnPrefix(outer.lines)
  const imdn = (name: string): string => (prefix === undefined ? '' : headerIn(outer.lines, `${prefix}.${name}`))
  const wants: ReceiptWish[] = []
  for (const word of imdn('Disposition-Notification').split(',', 8)) {
    const wish = WISHES.get((word.split(';', 1)[0] as string).trim().toLowerCase())
    if (wish !== undefined && !wants.includes(wish)) wants.push(wish)
  }
  return { subject: headerIn(outer.lines, 'Subject'), messageId: imdn('Message-ID'), wants, contentType, body: body.subarray(inner.end) }
}

export interface CpimHead {
  readonly from: string
  readonly to: string
  readonly atMs: number
  readonly subject?: string | undefined
  readonly messageId?: string | undefined
  readonly wants?: readonly ReceiptWish[] | undefined
}

/** The wrapping around a content; URIs as they are, everything else made safe for a line. */
export function renderCpim(head: CpimHead, contentType: string, body: Uint8Array): Uint8Array {
  const lines = [`From: <${head.from}>`, `To: <${head.to}>`, `DateTime: ${new Date(head.atMs).toISOString()}`]
  if (head.subject !== undefined) lines.push(`Subject: ${oneLine(head.subject)}`)
  if (head.messageId !== undefined && head.messageId !== '') {
    lines.push(`NS: imdn <${IMDN_NAMESPACE}>`, `imdn.Message-ID: ${oneLine(head.messageId)}`)
    const wishes = (head.wants ?? []).map((wish) => DISPOSITIONS[wish])
    if (wishes.length > 0) lines.push(`imdn.Disposition-Notification: ${wishes.join(', ')}`)
  }
  const text = `${lines.join('\r\n')}\r\n\r\nContent-Type: ${contentType}\r\n\r\n`
  return Buffer.concat([Buffer.from(text), body])
}

/** RFC 3862 §2.3: control characters are escaped; a line end would begin another header. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 1_024)
}

interface Block {
  readonly lines: readonly (readonly [name: string, value: string])[]
  /** Where what follows the empty line begins. */
  readonly end: number
}

function blockAt(body: Buffer, start: number): Block | undefined {
  const lines: (readonly [string, string])[] = []
  let at = start
  while (at < body.length && at - start <= MAX_HEAD && lines.length <= MAX_HEADERS) {
    const newline = body.indexOf(0x0a, at)
    if (newline < 0 || newline - start > MAX_HEAD) return undefined
    const text = body.toString('utf8', at, body[newline - 1] === 0x0d ? newline - 1 : newline)
    at = newline + 1
    if (text === '') return { lines, end: at }
    const colon = text.indexOf(':')
    if (colon <= 0) return undefined
    lines.push([text.slice(0, colon).trim(), text.slice(colon + 1).trim()])
  }
  return undefined
}

/** RFC 3862 §2.5: `NS: imdn <urn:…>` names the prefix, which need not be `imdn`. */
function imdnPrefix(lines: Block['lines']): string | undefined {
  for (const [name, value] of lines) {
    const open = value.indexOf('<')
    if (name === 'NS' && open > 0 && value.slice(open) === `<${IMDN_NAMESPACE}>`) return value.slice(0, open).trim()
  }
  return undefined
}

/** RFC 3862 §2.1: names are case-sensitive. */
function headerIn(lines: Block['lines'], name: string): string {
  return lines.find(([each]) => each === name)?.[1] ?? ''
}
