import type { SipRequest } from '../message/sip-request.ts'
import { Transaction } from './transaction.ts'
import type { ConnectionId } from './transaction-user.ts'

/**
 * calling: sent, nothing heard · cancel-wanted: the same, and to be cancelled as soon as that is allowed · proceeding: 1xx
 * heard · cancelling: CANCEL sent · accepted: 2xx to an INVITE (RFC 6026) · terminated.
 */
export type ClientState = 'calling' | 'cancel-wanted' | 'proceeding' | 'cancelling' | 'accepted' | 'terminated'

/** A request that was sent and waits for one final response. Made by the layer only; read-only but for `context`. */
export class ClientTransaction extends Transaction {
  readonly isServer = false as const
  /** As it was sent: ACK and CANCEL are built from it, so it must not be edited. */
  readonly request: SipRequest
  readonly method: string
  readonly isInvite: boolean
  /** @internal */ state: ClientState = 'calling'
  /** @internal */ readonly branch: string
  /** @internal */ readonly scope: string | number

  constructor(connection: ConnectionId, request: SipRequest, branch: string, scope: string | number, context: unknown) {
    super(connection, context)
    this.request = request
    this.method = request.method
    this.isInvite = request.method === 'INVITE'
    this.branch = branch
    this.scope = scope
  }
}
