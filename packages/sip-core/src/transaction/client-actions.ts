import type { SipMessage } from '../message/sip-message.ts'
import type { SipResponse } from '../message/sip-response.ts'
import { buildAck } from './build-ack.ts'
import { buildCancel } from './build-cancel.ts'
import type { ClientTransaction } from './client-transaction.ts'
import type { ActionHost } from './state-machine.ts'

export function passUp(host: ActionHost, transaction: ClientTransaction, message: SipMessage | undefined, nowMs: number): void {
  host.user.onResponse(transaction, message as SipResponse, nowMs)
}

/** RFC 3261 §17.1.1.3: the transaction itself acknowledges a refusal, before the user may do anything else. */
export function acknowledgeAndPassUp(
  host: ActionHost,
  transaction: ClientTransaction,
  message: SipMessage | undefined,
  nowMs: number,
): void {
  const response = message as SipResponse
  host.user.send(transaction.connection, buildAck(transaction.request, response))
  host.user.onResponse(transaction, response, nowMs)
}

export function sendCancel(host: ActionHost, transaction: ClientTransaction): void {
  host.user.send(transaction.connection, buildCancel(transaction.request))
}

/** RFC 3261 §9.1: the CANCEL that had to wait for a provisional response. */
export function sendCancelAndPassUp(
  host: ActionHost,
  transaction: ClientTransaction,
  message: SipMessage | undefined,
  nowMs: number,
): void {
  sendCancel(host, transaction)
  passUp(host, transaction, message, nowMs)
}

export function failByTimeout(host: ActionHost, transaction: ClientTransaction, _message: SipMessage | undefined, nowMs: number): void {
  host.user.onFailure(transaction, 'timeout', nowMs)
}

export function failByLoss(host: ActionHost, transaction: ClientTransaction, _message: SipMessage | undefined, nowMs: number): void {
  host.user.onFailure(transaction, 'connection-lost', nowMs)
}
