import { createResponse } from '../message/create-response.ts'
import type { SipRequest } from '../message/sip-request.ts'
import type { SipResponse } from '../message/sip-response.ts'
import { prepareForward } from '../proxy/prepare-forward.ts'
import type { ProxyIdentity } from '../proxy/proxy-identity.ts'
import { failureStatus, Relay, type RelayOwner, type TargetFailure } from '../proxy/relay.ts'
import type { ClientTransaction } from '../transaction/client-transaction.ts'
import type { ServerTransaction } from '../transaction/server-transaction.ts'
import type { ClientFailure, ConnectionId } from '../transaction/transaction-user.ts'
import { FakeNode } from './fake-network.ts'

/** The names of its two sides. */
const OUTER = 'edge.example.org'
const INNER = 'inner.example.org'

/** A proxy that holds every request until the test says `forward`: like one that decides and archives in between. */
export class FakeProxy extends FakeNode implements RelayOwner {
  readonly identity: ProxyIdentity = { isOwnUri: (uri) => uri.host === OUTER || uri.host === INNER, isOwnVia: (via) => via.host === OUTER }
  readonly relays: Relay[] = []
  /** Connections to try when a target fails, in order. */
  readonly retryOn: ConnectionId[] = []
  /** `forward` is called right away on this connection, when set. */
  forwardOn: ConnectionId | undefined
  #branches = 0

  forward(relay: Relay, connection: ConnectionId): boolean {
    const result = this.prepare(relay.server.request)
    if (!result.ok) {
      relay.refuse(createResponse(relay.server.request, result.status, result.reason, { toTag: this.layer.newTag() }), this.network.nowMs)
      return false
    }
    return relay.start(connection, result.request, this.network.nowMs, result.branch)
  }

  prepare(request: SipRequest): ReturnType<typeof prepareForward> {
    return prepareForward(request, {
      identity: this.identity,
      egressVia: { host: OUTER, port: 5061 },
      ingressRecordRoute: `<sip:${OUTER};lr>`,
      egressRecordRoute: `<sip:${INNER};lr>`,
      branchSeed: `p${++this.#branches}`,
      supportedOptionTags: new Set(),
    })
  }

  override onRequest(transaction: ServerTransaction, request: SipRequest, nowMs: number): void {
    super.onRequest(transaction, request, nowMs)
    const relay = new Relay(this.layer, transaction, this.identity, this)
    transaction.context = relay
    this.relays.push(relay)
    if (this.forwardOn !== undefined) this.forward(relay, this.forwardOn)
  }

  override onAck(connection: ConnectionId, ack: SipRequest, nowMs: number): void {
    super.onAck(connection, ack, nowMs)
    const result = this.prepare(ack)
    if (result.ok && this.forwardOn !== undefined) this.send(this.forwardOn, result.request)
  }

  override onCancel(transaction: ServerTransaction, _cancel: SipRequest, nowMs: number): void {
    ;(transaction.context as Relay).handleCancel(nowMs)
  }

  override onResponse(transaction: ClientTransaction, response: SipResponse, nowMs: number): void {
    ;(transaction.context as Relay).handleResponse(response, nowMs)
  }

  override onFailure(transaction: ClientTransaction, why: ClientFailure, nowMs: number): void {
    ;(transaction.context as Relay).handleFailure(why, nowMs)
  }

  onServerLost(transaction: ServerTransaction, nowMs: number): void {
    ;(transaction.context as Relay).handleServerLost(nowMs)
  }

  onTargetFailed(relay: Relay, why: TargetFailure): 'retry' | number {
    this.trace.push(`failed: ${why}`)
    const next = this.retryOn.shift()
    if (next === undefined) return failureStatus(why)
    this.forward(relay, next)
    return 'retry'
  }

  onUpstream(_relay: Relay, response: SipResponse): void {
    response.headers.set('Server', 'gatehouse')
  }

  onSettled(_relay: Relay, status: number): void {
    this.trace.push(`settled ${status}`)
  }
}
