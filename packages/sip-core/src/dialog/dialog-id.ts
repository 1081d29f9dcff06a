import type { SipMessage } from '../message/sip-message.ts'
import type { SipRequest } from '../message/sip-request.ts'

/** Names one dialog from one end's point of view (RFC 3261 §12). */
export interface DialogId {
  readonly callId: string
  readonly localTag: string
  /** Empty for an RFC 2543 peer without tags (§12.1.1). */
  readonly remoteTag: string
}

/** Whether the request belongs to a dialog that exists, or says so: it has a To tag (RFC 3261 §12.2.2). */
export function isInDialog(request: SipRequest): boolean {
  return request.to()?.tag !== undefined
}

/**
 * The dialog a message belongs to, at the end that sent (`local` = From of a request that we sent and of its responses) or that
 * received it. `undefined` without Call-ID or without our own tag: no dialog (yet).
 */
export function dialogIdOf(message: SipMessage, localSide: 'from' | 'to'): DialogId | undefined {
  const callId = message.callId()
  const local = localSide === 'from' ? message.from() : message.to()
  const remote = localSide === 'from' ? message.to() : message.from()
  if (callId === undefined || local?.tag === undefined || remote === undefined) return undefined
  return { callId, localTag: local.tag, remoteTag: remote.tag ?? '' }
}

/** For a map; the parts cannot hold the line break that parts them. */
export function dialogKey(id: DialogId): string {
  return `${id.callId}\n${id.localTag}\n${id.remoteTag}`
}
