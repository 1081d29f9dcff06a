import { SipStreamFramer } from '../framing/sip-stream-framer.ts'
import { checkMessage } from '../message/check-message.ts'
import { encodeMessage } from '../message/encode-message.ts'
import type { SipMessage } from '../message/sip-message.ts'
import type { SipRequest } from '../message/sip-request.ts'
import type { SipResponse } from '../message/sip-response.ts'
import type { ClientTransaction } from '../transaction/client-transaction.ts'
import type { ServerTransaction } from '../transaction/server-transaction.ts'
import { TransactionLayer, type TransactionLayerOptions } from '../transaction/transaction-layer.ts'
import type { ClientFailure, ConnectionId, TransactionUser } from '../transaction/transaction-user.ts'

interface Delivery {
  readonly atMs: number
  readonly link: FakeLink
  readonly to: FakeNode
  readonly bytes: Uint8Array
}

interface FakeLink {
  readonly ends: ReadonlyMap<FakeNode, { readonly id: ConnectionId; readonly framer: SipStreamFramer; readonly peer: FakeNode }>
  isUp: boolean
}

/**
 * Nodes joined by a wire that carries real bytes with a latency, in virtual time: three minutes of ringing pass in no time,
 * and nothing depends on the clock of the machine.
 */
export class FakeNetwork {
  nowMs = 0
  readonly latencyMs: number
  readonly #nodes: FakeNode[] = []
  readonly #links = new Map<ConnectionId, FakeLink>()
  #inFlight: Delivery[] = []
  #nextConnection = 1

  constructor(latencyMs = 1) {
    this.latencyMs = latencyMs
  }

  add<T extends FakeNode>(node: T): T {
    this.#nodes.push(node)
    return node
  }

  /** Gives the ids of the two ends, in the order of the arguments. */
  connect(one: FakeNode, other: FakeNode): [ConnectionId, ConnectionId] {
    const [oneId, otherId] = [this.#nextConnection++, this.#nextConnection++]
    const link: FakeLink = {
      isUp: true,
      ends: new Map([
        [one, { id: oneId, framer: new SipStreamFramer(), peer: other }],
        [other, { id: otherId, framer: new SipStreamFramer(), peer: one }],
      ]),
    }
    this.#links.set(oneId, link).set(otherId, link)
    return [oneId, otherId]
  }

  /** Both ends notice at once; what was on the wire is lost. */
  cut(connection: ConnectionId): void {
    const link = this.#links.get(connection)
    if (link === undefined || !link.isUp) return
    link.isUp = false
    for (const [node, end] of link.ends) node.layer.handleConnectionClosed(end.id, this.nowMs)
  }

  send(from: FakeNode, connection: ConnectionId, message: SipMessage): void {
    const link = this.#links.get(connection)
    const end = link?.ends.get(from)
    if (link === undefined || end === undefined || !link.isUp) return
    this.#inFlight.push({ atMs: this.nowMs + this.latencyMs, link, to: end.peer, bytes: encodeMessage(message) })
  }

  /** Lets time pass: deliveries and deadlines happen in their order. */
  run(durationMs: number): void {
    const endMs = this.nowMs + durationMs
    for (;;) {
      const delivery = this.#inFlight[0]
      const deadlineMs = Math.min(...this.#nodes.map((node) => node.layer.nextDeadlineMs() ?? Number.POSITIVE_INFINITY))
      const nextMs = Math.min(delivery?.atMs ?? Number.POSITIVE_INFINITY, deadlineMs)
      if (nextMs > endMs) break
      this.nowMs = Math.max(this.nowMs, nextMs)
      if (delivery !== undefined && delivery.atMs <= deadlineMs) this.#deliver(delivery)
      else for (const node of this.#nodes) node.layer.handleTimeout(this.nowMs)
    }
    this.nowMs = endMs
  }

  #deliver(delivery: Delivery): void {
    this.#inFlight = this.#inFlight.slice(1)
    const end = delivery.link.ends.get(delivery.to)
    if (end === undefined || !delivery.link.isUp) return
    end.framer.handleData(delivery.bytes)
    for (let frame = end.framer.takeFrame(); frame !== undefined; frame = end.framer.takeFrame()) {
      if (frame.kind !== 'message') throw new Error(`not a message: ${frame.kind}`)
      const defect = checkMessage(frame.message)
      if (defect !== undefined) throw new Error(`${defect.code}: ${defect.detail}`)
      delivery.to.handle(end.id, frame.message)
    }
  }
}

/** A node that writes down what reaches it and does nothing about it: an endpoint whose behaviour is the test. */
export class FakeNode implements TransactionUser {
  readonly network: FakeNetwork
  readonly layer: TransactionLayer
  readonly trace: string[] = []
  readonly servers: ServerTransaction[] = []
  /** Every message that arrived on any connection. */
  readonly received: SipMessage[] = []
  endedServers = 0
  #tags = 0

  constructor(network: FakeNetwork, name: string, options: Partial<TransactionLayerOptions> = {}) {
    this.network = network
    this.layer = new TransactionLayer(this, { newTag: () => `${name}-${++this.#tags}`, ...options })
  }

  handle(connection: ConnectionId, message: SipMessage): void {
    this.received.push(message)
    this.layer.handleMessage(connection, message, this.network.nowMs)
  }

  /** What was written down since the last call. */
  takeTrace(): string {
    return this.trace.splice(0).join(', ')
  }

  get openTransactions(): number {
    return this.layer.openServerTransactions() + this.layer.openClientTransactions()
  }

  onRequest(transaction: ServerTransaction, request: SipRequest, _nowMs: number): void {
    this.servers.push(transaction)
    this.trace.push(request.method)
  }
  onAck(_connection: ConnectionId, _ack: SipRequest, _nowMs: number): void {
    this.trace.push('ACK')
  }
  onCancel(_transaction: ServerTransaction, _cancel: SipRequest, _nowMs: number): void {
    this.trace.push('CANCEL')
  }
  onResponse(_transaction: ClientTransaction, response: SipResponse, _nowMs: number): void {
    this.trace.push(String(response.status))
  }
  onFailure(_transaction: ClientTransaction, why: ClientFailure, _nowMs: number): void {
    this.trace.push(why)
  }
  onStrayResponse(_connection: ConnectionId, response: SipResponse, _nowMs: number): void {
    this.trace.push(`stray ${response.status}`)
  }
  onServerEnd(_transaction: ServerTransaction): void {
    this.endedServers++
  }
  send(connection: ConnectionId, message: SipMessage): void {
    this.network.send(this, connection, message)
  }
}
