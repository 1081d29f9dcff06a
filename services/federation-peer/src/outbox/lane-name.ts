import { createHash } from 'node:crypto'
import type { Destination } from '@gatehouse/im-model'
import type { Passage } from '../session/passage.ts'

const DEFAULT_TLS_PORT = 5061

/**
 * What is away together: the inside, a partner's edge, or the domain whose edge is found by SRV, as `gatehouse peers` names it; a home system that
 * speaks something else, or a network's domain, as the outbox of the networks does.
 */
export function laneOf(destination: Destination): string {
  if (destination.to === 'network') return destination.domain
  if (destination.to === 'inside') return destination.port === undefined ? 'inside' : `inside/${destination.domain}`
  const { edgeHost, edgePort, domain } = destination
  if (edgeHost === undefined) return domain
  return edgePort === DEFAULT_TLS_PORT ? edgeHost : `${edgeHost}:${edgePort}`
}

/** Who writes to whom: page-mode messages of one conversation may each have a Call-ID of their own (RFC 3428 §3). */
export function conversationOf(passage: Passage): string {
  return `${passage.fromUser}@${passage.fromDomain} > ${passage.toUser}@${passage.toDomain}`.toLowerCase()
}

/** The same for a retransmission, through whatever connection or replica: what the far side would know it by, too. */
export function workIdOf(passage: Passage): string {
  const { request, callId } = passage
  const parts = [callId, request.cseq()?.number ?? 0, request.from()?.tag ?? '', request.topVia()?.branch ?? '', passage.peer.fingerprint]
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 40)
}
