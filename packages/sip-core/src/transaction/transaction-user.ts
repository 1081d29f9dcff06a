import type { SipMessage } from '../message/sip-message.ts'
import type { SipRequest } from '../message/sip-request.ts'
import type { SipResponse } from '../message/sip-response.ts'
import type { ClientTransaction } from './client-transaction.ts'
import type { ServerTransaction } from './server-transaction.ts'

/** Names one connection; opaque to this package, given out and closed by the caller. */
export type ConnectionId = number

/** Why no final response will come any more (RFC 3261 §16.8, §16.9). */
export type ClientFailure = 'timeout' | 'connection-lost'

/**
 * What stands above the transactions: a proxy or a user agent. All calls are synchronous, made from inside a call into the
 * layer, and may call back into it.
 */
export interface TransactionUser {
  /** A new request other than ACK and CANCEL; exactly once per transaction. To be answered with `respond`, now or later. */
  onRequest(transaction: ServerTransaction, request: SipRequest, nowMs: number): void
  /** An ACK for a 2xx: no part of a transaction, to be proxied statelessly and never answered (RFC 3261 §16.11, RFC 6026 §7.1). */
  onAck(connection: ConnectionId, ack: SipRequest, nowMs: number): void
  /** The sender cancels an INVITE that has no final response yet. The CANCEL itself was answered already. */
  onCancel(transaction: ServerTransaction, cancel: SipRequest, nowMs: number): void
  /** 1xx, one final response, and further 2xx of an INVITE (RFC 6026 §7.2). An ACK for a refusal was sent already. */
  onResponse(transaction: ClientTransaction, response: SipResponse, nowMs: number): void
  /** No final response will come. Once, and never after one came. */
  onFailure(transaction: ClientTransaction, why: ClientFailure, nowMs: number): void
  /** A response that belongs to no transaction; a proxy drops it (RFC 6026 §7.3, RFC 4320 §4.2). */
  onStrayResponse(connection: ConnectionId, response: SipResponse, nowMs: number): void
  /** The connection of an unanswered request is gone: whatever is answered from now on is dropped. */
  onServerLost?(transaction: ServerTransaction, nowMs: number): void
  /** The transaction exists no longer, whether it was answered or not. Exactly once per transaction. */
  onServerEnd(transaction: ServerTransaction): void
  /** Bytes out. Must not fail: when the connection is gone, drop the message and call `handleConnectionClosed` later. */
  send(connection: ConnectionId, message: SipMessage): void
}
