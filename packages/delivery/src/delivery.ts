import type { Destination, Direction, Envelope, EvidenceClass, Mark, PeerClass, QueueRule } from '@gatehouse/im-model'
import type { TraceContext } from '@gatehouse/telemetry'

/** What of a decision the far end needs; the whole of it is on record under the envelope's id. */
export interface DeliveryMark {
  readonly mark: Mark
  readonly evidence: EvidenceClass
  readonly direction: Direction
  readonly peerClass: PeerClass
  readonly partner: string
  readonly revision: number
  /** Present: it may wait when the destination is away. */
  readonly queue?: QueueRule | undefined
  /** The archive has it: what becomes of it after waiting goes there too. */
  readonly isOnRecord?: boolean | undefined
}

/** An envelope on its way to the service that owns its destination. */
export interface Delivery {
  readonly envelope: Envelope
  readonly destination: Destination
  readonly decision: DeliveryMark
  /** How long the asker waits for the outcome. */
  readonly timeoutMs: number
  /** Replica that handed it on to the owner of the account or domain; empty: nobody did. It is handed on once at most. */
  readonly forwardedBy: string
  /** It comes out of an outbox, which keeps order and waits between attempts: nothing else holds it up, and it is not put back into one. */
  readonly waited?: boolean | undefined
  /** Of a message that is followed; it travels in headers, not in the message. */
  readonly trace?: TraceContext | undefined
}

/** The port of the subject `deliver.<port>` behind which a destination lies. */
export function portOf(destination: Destination): string {
  if (destination.to === 'network') return destination.protocol
  return destination.to === 'inside' ? (destination.port ?? 'sip') : 'sip'
}
