import { createResponse } from '../message/create-response.ts'
import type { SipRequest } from '../message/sip-request.ts'
import type { SipResponse } from '../message/sip-response.ts'
import type { ClientTransaction } from '../transaction/client-transaction.ts'
import type { ServerTransaction } from '../transaction/server-transaction.ts'
import type { TransactionLayer } from '../transaction/transaction-layer.ts'
import type { ClientFailure, ConnectionId } from '../transaction/transaction-user.ts'
import { prepareResponse } from './prepare-response.ts'
import type { ProxyIdentity } from './proxy-identity.ts'

/** Why a target is of no use: no answer, connection gone before any answer, or 503 from it. */
export type TargetFailure = ClientFailure | 'unavailable'

/** Whoever chooses the targets of a relay. Called synchronously. */
export interface RelayOwner {
  /**
   * `retry`: `start` will be called for another target, now or later. A number: the status to answer upstream; see
   * `failureStatus` for the one of the RFC. Not asked when the request is cancelled or a provisional response had come.
   */
  onTargetFailed(relay: Relay, why: TargetFailure, nowMs: number): 'retry' | number
  /** A response of the target, our Via gone, right before it goes upstream: the place to edit its headers. */
  onUpstream(relay: Relay, response: SipResponse, nowMs: number): void
  /** A final response of the target but 2xx and 503, before `onUpstream`: the owner may give another one in its place. */
  replaceFinal?(relay: Relay, response: SipResponse, nowMs: number): SipResponse | undefined
  /** The final response was given upstream; only further 2xx of an INVITE may follow. Once. */
  onSettled(relay: Relay, status: number, nowMs: number): void
}

/**
 * Couples the server transaction of a proxied request with one client transaction at a time (RFC 3261 §16.2, §16.7–§16.10 for
 * a single target). The request may be started long after it came in; a CANCEL that comes first settles it with 487.
 * Timer C runs in the client transaction. Hand it what the layer reports for its transactions.
 */
export class Relay {
  readonly server: ServerTransaction
  client: ClientTransaction | undefined = undefined
  /** The sender cancelled it: nothing new may be started. */
  isCancelled = false
  /** A final response went upstream. */
  isSettled = false
  readonly #layer: TransactionLayer
  readonly #identity: ProxyIdentity
  readonly #owner: RelayOwner
  #hasProvisional = false

  constructor(layer: TransactionLayer, server: ServerTransaction, identity: ProxyIdentity, owner: RelayOwner) {
    this.#layer = layer
    this.server = server
    this.#identity = identity
    this.#owner = owner
  }

  /**
   * Sends the prepared request (`request` and `branch` of `prepareForward`) to a target. False when it is settled or cancelled, another target is being tried, or the layer
   * refuses: then the caller answers with `refuse`, unless it is settled.
   */
  start(connection: ConnectionId, request: SipRequest, nowMs: number, branch?: string): boolean {
    if (this.isSettled || this.isCancelled || this.client !== undefined) return false
    this.#hasProvisional = false
    this.client = this.#layer.startClient(connection, request, nowMs, this, branch)
    return this.client !== undefined
  }

  /** Answers by ourselves while no target is being tried. */
  refuse(response: SipResponse, nowMs: number): void {
    if (!this.isSettled) this.#settle(response, nowMs)
  }

  /** From `TransactionUser.onResponse`. */
  handleResponse(response: SipResponse, nowMs: number): void {
    const prepared = prepareResponse(response, this.#identity)
    if (!prepared.ok) {
      if (response.status >= 200) this.handleFailure('timeout', nowMs) // nobody can be given it: as if none had come
      return
    }
    const status = response.status
    if (status < 200) this.#passProvisional(response, nowMs)
    else if (status < 300 && this.isSettled)
      this.#passUpstream(response, nowMs) // RFC 3261 §16.7 step 5, RFC 6026 §7.1
    else if (this.isSettled) return
    else if (status === 503) this.#handleUnavailable(nowMs)
    else {
      const replacement = this.#owner.replaceFinal?.(this, response, nowMs)
      if (replacement === undefined) this.#owner.onUpstream(this, response, nowMs)
      this.#settle(replacement ?? response, nowMs)
    }
  }

  /** From `TransactionUser.onFailure`. */
  handleFailure(why: ClientFailure, nowMs: number): void {
    this.client = undefined
    if (this.isSettled) return
    const mayAsk = !this.isCancelled && !this.#hasProvisional
    const verdict = mayAsk ? this.#owner.onTargetFailed(this, why, nowMs) : failureStatus(why)
    this.#follow(verdict, nowMs)
  }

  /** From `TransactionUser.onCancel` (RFC 3261 §16.10). */
  handleCancel(nowMs: number): void {
    if (this.isSettled || this.isCancelled) return
    this.isCancelled = true
    if (this.client !== undefined) this.#layer.cancel(this.client, nowMs)
    else this.#answer(487, nowMs)
  }

  /** From `TransactionUser.onServerLost`: nobody waits for the answer, so an INVITE shall not go on ringing. */
  handleServerLost(nowMs: number): void {
    this.handleCancel(nowMs)
  }

  #passProvisional(response: SipResponse, nowMs: number): void {
    this.#hasProvisional = true
    // RFC 3261 §16.7 step 5: 100 is for one hop; RFC 4320 §4.1: and the others are for INVITE only
    if (response.status === 100 || !this.server.isInvite || this.isSettled) return
    this.#passUpstream(response, nowMs)
  }

  #passUpstream(response: SipResponse, nowMs: number): void {
    this.#owner.onUpstream(this, response, nowMs)
    this.#layer.respond(this.server, response, nowMs)
  }

  /** RFC 3261 §16.7 step 6: a 503 says something about that target only, so it is tried elsewhere or becomes 500. */
  #handleUnavailable(nowMs: number): void {
    this.client = undefined
    this.#follow(this.isCancelled ? failureStatus('unavailable') : this.#owner.onTargetFailed(this, 'unavailable', nowMs), nowMs)
  }

  #follow(verdict: 'retry' | number, nowMs: number): void {
    if (verdict !== 'retry') this.#answer(this.isCancelled ? 487 : verdict, nowMs)
  }

  #answer(status: number, nowMs: number): void {
    if (this.isSettled) return
    this.#settle(createResponse(this.server.request, status, undefined, { toTag: this.#layer.newTag() }), nowMs)
  }

  #settle(response: SipResponse, nowMs: number): void {
    this.isSettled = true
    this.#layer.respond(this.server, response, nowMs)
    this.#owner.onSettled(this, response.status, nowMs)
  }
}

/**
 * What RFC 3261 has a proxy answer when its only target failed: 408 for silence (§16.8; the transaction of anything but an
 * INVITE then sends nothing, RFC 4320 §4.1), 500 for what counts as a 503 (§16.9, §16.7 step 6).
 */
export function failureStatus(why: TargetFailure): number {
  return why === 'timeout' ? 408 : 500
}
