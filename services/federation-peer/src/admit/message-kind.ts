import type { EnvelopeKind } from '@gatehouse/im-model'
import type { SipRequest } from '@gatehouse/sip-core'

/** What a SIP request is in the words all services share (RFC 3428, 3994, 5438; Microsoft typing INFO, lcs-edge §12.1). */
export function kindOf(request: SipRequest): EnvelopeKind {
  switch (request.method) {
    case 'MESSAGE':
      return kindOfBody(request, 'message')
    case 'INVITE':
    case 'ACK':
    case 'BYE':
    case 'CANCEL':
    case 'PRACK':
    case 'UPDATE':
      return 'session'
    case 'INFO':
      return kindOfBody(request, 'other')
    case 'SUBSCRIBE':
    case 'NOTIFY':
    case 'BENOTIFY':
    case 'PUBLISH':
      return 'presence'
    default:
      return 'other'
  }
}

function kindOfBody(request: SipRequest, otherwise: EnvelopeKind): EnvelopeKind {
  const type = request.headers.first('Content-Type')
  if (type === undefined || type.length < 12 || !type.toLowerCase().startsWith('application/')) return otherwise
  const lower = type.toLowerCase()
  if (lower.startsWith('application/im-iscomposing+xml')) return 'typing'
  if (lower.startsWith('application/ms-imdn+xml') || lower.startsWith('message/imdn+xml')) return 'receipt'
  if (request.method === 'INFO' && lower.startsWith('application/xml') && isKeyboardActivity(request.body)) return 'typing'
  return otherwise
}

function isKeyboardActivity(body: Uint8Array): boolean {
  return Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, 256)).includes('<KeyboardActivity')
}
