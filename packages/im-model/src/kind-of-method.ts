import type { EnvelopeKind } from './envelope.ts'

/** What a SIP request is by its method alone (RFC 3428, RFC 6665, RFC 3903); a body can say more. */
export function kindOfMethod(method: string): EnvelopeKind {
  switch (method) {
    case 'MESSAGE':
      return 'message'
    case 'INVITE':
    case 'ACK':
    case 'BYE':
    case 'CANCEL':
    case 'PRACK':
    case 'UPDATE':
      return 'session'
    case 'SUBSCRIBE':
    case 'NOTIFY':
    case 'BENOTIFY':
    case 'PUBLISH':
      return 'presence'
    default:
      return 'other'
  }
}
