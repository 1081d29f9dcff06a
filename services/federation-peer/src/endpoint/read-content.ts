import { readText } from '@gatehouse/content-filter'
import type { ImContent, MessageContent, MessageEvent } from '@gatehouse/im-model'
import { decodeHeaderText, type SipRequest } from '@gatehouse/sip-core'
import { carriedText, textIn } from '../admit/first-message.ts'
import { CPIM, readCpim } from './content/cpim.ts'
import { IMDN, readImdn } from './content/imdn.ts'
import { IS_COMPOSING, KEYBOARD_ACTIVITY, readIsComposing, readKeyboardActivity } from './content/typing.ts'

/** `nothing`: understood, and nobody elsewhere needs it. `unreadable`: nothing that people outside SIP could be given. */
export type ContentReading = ImContent | 'nothing' | 'unreadable'

/** Receipts and invitations between Microsoft's own clients; nobody else knows what to do with them (lcs-edge §12). */
const MICROSOFT_ONLY: ReadonlySet<string> = new Set(['application/ms-imdn+xml'])

/**
 * What a MESSAGE, an INFO or an INVITE says, in the form that all services share. `rewrite`: what policy put in the place of its content.
 * Of an INVITE it is the first message of the session, in a header (lcs-edge §12.1).
 */
export function readContent(request: SipRequest, rewrite: MessageContent | undefined): ContentReading {
  if (rewrite === undefined && !isPlain(request)) return 'unreadable'
  const { contentType, body } = rewrite === undefined ? carriedText(request) : textIn(request, rewrite)
  if (body.byteLength === 0) return 'nothing'
  const read = readBody(contentType, body)
  if (typeof read === 'string' || read.kind !== 'message') return read
  const subject = request.headers.first('Subject')
  const language = languageOf(request)
  return {
    ...read,
    ...(read.subject !== undefined || subject === undefined ? {} : { subject: decodeHeaderText(subject) }),
    ...(rewrite !== undefined || language === undefined ? {} : { language }),
  }
}

/** RFC 7572 §8: the first one that is named (RFC 3261 §20.13); anything but a tag of RFC 5646 is left out. */
function languageOf(request: SipRequest): string | undefined {
  const first = request.headers.first('Content-Language')?.split(',', 1)[0]?.trim() ?? ''
  return /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/.test(first) ? first : undefined
}

/** RFC 3261 §20.12: a body in an encoding cannot be read; policy would have rewritten it without one. */
function isPlain(request: SipRequest): boolean {
  const encoding = request.headers.first('Content-Encoding')?.trim().toLowerCase()
  return encoding === undefined || encoding === '' || encoding === 'identity'
}

function readBody(contentType: string, body: Uint8Array): ContentReading {
  const essence = (contentType.split(';', 1)[0] as string).trim().toLowerCase()
  switch (essence) {
    case IS_COMPOSING:
      return readIsComposing(body) ?? 'unreadable'
    case KEYBOARD_ACTIVITY:
      return readKeyboardActivity(body) ?? 'unreadable'
    case IMDN:
      return readImdn(body) ?? 'unreadable'
    case CPIM:
      return readWrapped(body)
    default:
      if (MICROSOFT_ONLY.has(essence)) return 'nothing'
      return messageOf(contentType, body)
  }
}

function readWrapped(body: Uint8Array): ContentReading {
  const cpim = readCpim(body)
  if (cpim === undefined || cpim.contentType.toLowerCase().startsWith(CPIM)) return 'unreadable'
  const inner = readBody(cpim.contentType, cpim.body)
  if (typeof inner === 'string' || inner.kind !== 'message') return inner
  return {
    ...inner,
    messageId: cpim.messageId,
    ...(cpim.subject === '' ? {} : { subject: cpim.subject }),
    ...(cpim.wants.length === 0 ? {} : { wants: cpim.wants }),
  }
}

function messageOf(contentType: string, body: Uint8Array): MessageEvent | 'unreadable' {
  const text = readText(contentType, body)
  return text === undefined ? 'unreadable' : { kind: 'message', messageId: '', text }
}
