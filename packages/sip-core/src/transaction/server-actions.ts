import { createResponse } from '../message/create-response.ts'
import type { SipMessage } from '../message/sip-message.ts'
import type { SipRequest } from '../message/sip-request.ts'
import type { SipResponse } from '../message/sip-response.ts'
import type { ServerTransaction } from './server-transaction.ts'
import type { ActionHost } from './state-machine.ts'

export function sendAnswer(host: ActionHost, transaction: ServerTransaction, message: SipMessage | undefined): void {
  const response = message as SipResponse
  transaction.lastResponse = response
  host.user.send(transaction.connection, response)
}

/** RFC 3261 §17.2.1: the transaction says 100 when its user takes its time. */
export function sendTrying(host: ActionHost, transaction: ServerTransaction): void {
  sendAnswer(host, transaction, createResponse(transaction.request, 100))
}

export function repeatAnswer(host: ActionHost, transaction: ServerTransaction): void {
  if (transaction.lastResponse !== undefined) host.user.send(transaction.connection, transaction.lastResponse)
}

/** The user broke its promise to answer: the sender is told 408, so that both sides end. */
export function sendTimeout(host: ActionHost, transaction: ServerTransaction): void {
  sendAnswer(host, transaction, createResponse(transaction.request, 408, undefined, { toTag: host.newTag() }))
}

export function passAckUp(host: ActionHost, transaction: ServerTransaction, message: SipMessage | undefined, nowMs: number): void {
  host.user.onAck(transaction.connection, message as SipRequest, nowMs)
}

export function tellLost(host: ActionHost, transaction: ServerTransaction, _message: SipMessage | undefined, nowMs: number): void {
  host.user.onServerLost?.(transaction, nowMs)
}
