import type { PeerClass } from '@gatehouse/im-model'
import type { SipStreamFramer } from '@gatehouse/sip-core'
import type { EdgeConnection } from '../edge/connection.ts'
import type { OpenCount } from './open-share.ts'

/** What the session knows of one connection; lives in `EdgeConnection.context`. */
export interface ConnectionState extends OpenCount {
  readonly framer: SipStreamFramer
  /** Class and partner fixed by the first accepted message (lcs-edge §6.3 step 3). */
  bound: { readonly peerClass: PeerClass; readonly partner: string } | undefined
  /** On a link that we opened: the partner it leads to. */
  servedPartner: string | undefined
  /** Set when nothing this connection says will be taken: the code to answer the first request with. */
  refusal: 'GH-PEER-UNAUTHENTICATED' | 'GH-PEER-OTHER-EDGE' | 'GH-PEER-NOT-INSIDE' | undefined
  malformed: number
  /** When the message being received began; 0 when none is. */
  messageStartedAtMs: number
  /** What has arrived is more than its share of this turn. */
  isWaitingForTurn: boolean
  /** Connections that have to wait until this one drains. */
  pausedFeeders: Set<EdgeConnection> | undefined
  lastRequestAtMs: number
  requestsIn: number
  requestsOut: number
  refused: number
  /** Domains that the peer used in accepted requests; bounded. */
  domains: Set<string> | undefined
}

export function stateOf(connection: EdgeConnection): ConnectionState {
  return connection.context as ConnectionState
}
