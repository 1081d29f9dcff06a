import type { SipRequest } from '../message/sip-request.ts'
import type { SipResponse } from '../message/sip-response.ts'
import { Transaction } from './transaction.ts'
import type { ConnectionId } from './transaction-user.ts'

/**
 * trying: nothing answered · proceeding: a provisional response was sent · accepted: 2xx to an INVITE (RFC 6026) ·
 * completed: refused INVITE that waits for its ACK · abandoned: the connection went before the answer · terminated.
 */
export type ServerState = 'trying' | 'proceeding' | 'accepted' | 'completed' | 'abandoned' | 'terminated'

/** A request that came in and wants one final response. Made by the layer only; read-only but for `context`. */
export class ServerTransaction extends Transaction {
  readonly isServer = true as const
  /** As it came in: responses are built from it, so it must not be edited. */
  readonly request: SipRequest
  readonly isInvite: boolean
  /** @internal */ state: ServerState = 'trying'
  /** @internal Sent again when the request is repeated. */
  lastResponse: SipResponse | undefined = undefined
  /** @internal */ readonly key: string
  /** @internal Another transaction with the same key but another method. */
  sibling: ServerTransaction | undefined = undefined

  constructor(connection: ConnectionId, request: SipRequest, key: string) {
    super(connection, undefined)
    this.request = request
    this.isInvite = request.method === 'INVITE'
    this.key = key
  }

  /** Whether a final response can still be given to it. */
  get isUnanswered(): boolean {
    return this.state === 'trying' || this.state === 'proceeding' || this.state === 'abandoned'
  }
}
