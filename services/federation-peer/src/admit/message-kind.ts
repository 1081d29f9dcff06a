import { type EnvelopeKind, kindOfMethod } from '@gatehouse/im-model'
import type { SipRequest } from '@gatehouse/sip-core'
import { readCpim } from '../endpoint/content/cpim.ts'

/** What a SIP request is in the words all services share (RFC 3428, 3994, 5438; Microsoft typing INFO, lcs-edge §12.1). */
export function kindOf(request: SipRequest): EnvelopeKind {
  switch (request.method) {
    case 'MESSAGE':
      return kindOfBody(request, 'message')
    case 'INFO':
      return kindOfBody(request, 'other')
    default:
      return kindOfMethod(request.method)
  }
}

function kindOfBody(request: SipRequest, otherwise: EnvelopeKind): EnvelopeKind {
  const type = request.headers.first('Content-Type')
  if (type === undefined || type.length < 12) return otherwise
  const first = type.charCodeAt(0) | 0x20
  if (first === 0x6d /* m */) return kindOfWrapped(request, type.toLowerCase(), otherwise)
  if (first !== 0x61 /* a */) return otherwise
  const lower = type.toLowerCase()
  if (lower.startsWith('application/im-iscomposing+xml')) return 'typing'
  if (lower.startsWith('application/ms-imdn+xml')) return 'receipt'
  if (request.method === 'INFO' && lower.startsWith('application/xml') && isKeyboardActivity(request.body)) return 'typing'
  return otherwise
}

/** A receipt stands in message/cpim (RFC 5438 §7.2.1); what is wrapped is told by the second block of headers (RFC 3862 §2). */
function kindOfWrapped(request: SipRequest, lowerType: string, otherwise: EnvelopeKind): EnvelopeKind {
  if (lowerType.startsWith('message/imdn+xml')) return 'receipt'
  if (!lowerType.startsWith('message/cpim')) return otherwise
  const inner = readCpim(request.body)?.contentType.toLowerCase()
  if (inner?.startsWith('message/imdn+xml') === true) return 'receipt'
  return inner?.startsWith('application/im-iscomposing+xml') === true ? 'typing' : otherwise
}

function isKeyboardActivity(body: Uint8Array): boolean {
  return Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, 256)).includes('<KeyboardActivity')
}
