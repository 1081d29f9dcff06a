import { ChurnMap } from '@gatehouse/churn-map'
import { createResponse } from '../message/create-response.ts'
import type { SipMessage } from '../message/sip-message.ts'
import type { SipRequest } from '../message/sip-request.ts'
import type { SipResponse } from '../message/sip-response.ts'
import { ClientTransaction } from './client-transaction.ts'
import { ConnectionBook } from './connection-book.ts'
import { DeadlineQueues } from './deadline-queues.ts'
import { type InviteClientInput, inviteClientMachine } from './invite-client-machine.ts'
import { type InviteServerInput, inviteServerMachine } from './invite-server-machine.ts'
import { type RequestClientInput, requestClientMachine } from './request-client-machine.ts'
import { type RequestServerInput, requestServerMachine } from './request-server-machine.ts'
import { ServerTable } from './server-table.ts'
import { ServerTransaction } from './server-transaction.ts'
import { type SipTimers, timersFor } from './sip-timers.ts'
import type { ActionHost, Arc } from './state-machine.ts'
import { serverKey } from './transaction-key.ts'
import type { ConnectionId, TransactionUser } from './transaction-user.ts'

/** Marks the To tag of an answer that no transaction remembers, so that the ACK for it is recognised. */
const STATELESS_TAG_END = '.nt'

export interface TransactionLayerOptions {
  readonly timers?: Partial<SipTimers>
  /** Above it new requests are answered 503 with Retry-After, without a transaction. Default 20,000: some 40 MB of requests. */
  readonly maxServerTransactions?: number
  /** Above it `startClient` refuses. Default 20,000. */
  readonly maxClientTransactions?: number
  /** Default 10. */
  readonly overloadRetryAfterS?: number
  /** Makes To tags of answers that the layer gives by itself; unguessable (RFC 3261 §19.3). */
  readonly newTag: () => string
  /**
   * Which connections are one peer: a CANCEL, an ACK or a response is only matched within one scope.
   * Default: every connection for itself.
   */
  readonly scopeOf?: (connection: ConnectionId) => string | number
  /** Sees every state change; for tests and traces. */
  readonly onArc?: (machine: string, from: string, input: string, to: string) => void
}

/** What came to nothing, for metrics. */
export interface TransactionCounters {
  /** Answers that could not be sent: connection gone, transaction over, or forbidden by RFC 4320. */
  droppedAnswers: number
  /** Messages without a place in their transaction's state. */
  ignoredMessages: number
  /** Requests answered 503 because the table was full. */
  overload: number
}

/**
 * All transactions of one element over reliable transport: RFC 3261 §17 with RFC 4320 and RFC 6026. No sockets, clock or
 * timers: feed it with `handle…`, command it with `respond`, `startClient` and `cancel`, and call `handleTimeout` when
 * `nextDeadlineMs` has come. Time may stand still but is never taken to run backwards. Every cost is O(1) per message;
 * a transaction that has ended leaves nothing behind.
 */
export class TransactionLayer implements ActionHost {
  readonly user: TransactionUser
  readonly newTag: () => string
  readonly counters: TransactionCounters = { droppedAnswers: 0, ignoredMessages: 0, overload: 0 }
  readonly #servers = new ServerTable(8) // methods per branch: a well-behaved sender uses one
  readonly #clients = new ChurnMap<string, ClientTransaction>()
  readonly #book = new ConnectionBook()
  readonly #queues: DeadlineQueues
  readonly #scopeOf: (connection: ConnectionId) => string | number
  readonly #maxServers: number
  readonly #maxClients: number
  readonly #retryAfter: readonly (readonly [string, string])[]
  readonly #onArc: TransactionLayerOptions['onArc']
  #nowMs = Number.NEGATIVE_INFINITY

  constructor(user: TransactionUser, options: TransactionLayerOptions) {
    this.user = user
    this.newTag = options.newTag
    this.#queues = new DeadlineQueues(timersFor(options.timers?.t1Ms ?? 500, options.timers))
    this.#scopeOf = options.scopeOf ?? ((connection) => connection)
    this.#maxServers = options.maxServerTransactions ?? 20_000
    this.#maxClients = options.maxClientTransactions ?? 20_000
    this.#retryAfter = [['Retry-After', String(options.overloadRetryAfterS ?? 10)]]
    this.#onArc = options.onArc
  }

  /** A message that `checkMessage` found nothing wrong with. */
  handleMessage(connection: ConnectionId, message: SipMessage, nowMs: number): void {
    this.#advance(nowMs)
    if (!message.isRequest) this.#handleResponse(connection, message)
    else if (message.method === 'ACK') this.#handleAck(connection, message)
    else if (message.method === 'CANCEL') this.#handleCancel(connection, message)
    else this.#handleRequest(connection, message)
  }

  /** Client transactions on it fail at once; server transactions on it take answers but send none. */
  handleConnectionClosed(connection: ConnectionId, nowMs: number): void {
    this.#advance(nowMs)
    for (const transaction of this.#book.openOn(connection)) this.#handleEvent(transaction, 'lost')
  }

  /** Does what is due. Call it at `nextDeadlineMs` or a little later; calling it early or often does no harm. */
  handleTimeout(nowMs: number): void {
    this.#advance(nowMs)
    for (let due = this.#queues.takeDue(this.#nowMs); due !== undefined; due = this.#queues.takeDue(this.#nowMs)) {
      this.#handleEvent(due as ClientTransaction | ServerTransaction, 'expired')
    }
  }

  nextDeadlineMs(): number | undefined {
    return this.#queues.nextDeadlineMs()
  }

  /**
   * Answers a request, provisionally or finally; a proxy passes responses upstream with it. What may not be sent any more
   * (or never: RFC 4320) is dropped and counted, so a late answer is harmless.
   */
  respond(transaction: ServerTransaction, response: SipResponse, nowMs: number): void {
    this.#advance(nowMs)
    if (transaction.state === 'abandoned' || transaction.state === 'terminated') this.counters.droppedAnswers++
    if (transaction.isInvite) this.#stepInviteServer(transaction, inviteAnswer(response.status), response)
    else this.#stepRequestServer(transaction, requestAnswer(response.status), response)
  }

  /**
   * Sends a request that has our Via with a fresh branch on top already. `undefined` when the table is full or the branch
   * is missing or in use: nothing was sent then. `branch`: that of our Via, when the caller has it at hand.
   */
  startClient(
    connection: ConnectionId,
    request: SipRequest,
    nowMs: number,
    context: unknown,
    branch: string | undefined = request.topVia()?.branch,
  ): ClientTransaction | undefined {
    this.#advance(nowMs)
    if (branch === undefined || this.#clients.size >= this.#maxClients || this.#clients.has(branch)) return undefined
    const transaction = new ClientTransaction(connection, request, branch, this.#scopeOf(connection), context)
    this.#clients.add(branch, transaction)
    this.#book.add(transaction)
    const machine = transaction.isInvite ? inviteClientMachine : requestClientMachine
    this.#queues.start(machine.initialTimer, transaction, this.#nowMs)
    this.user.send(connection, request)
    return transaction
  }

  /** RFC 3261 §9.1: cancels an INVITE, as soon as that is allowed. Anything else, or one that is answered, is left alone. */
  cancel(transaction: ClientTransaction, nowMs: number): void {
    this.#advance(nowMs)
    if (transaction.isInvite) this.#stepInviteClient(transaction, 'cancel', undefined)
  }

  openServerTransactions(connection?: ConnectionId): number {
    return connection === undefined ? this.#servers.size : this.#book.servers(connection)
  }

  openClientTransactions(connection?: ConnectionId): number {
    return connection === undefined ? this.#clients.size : this.#book.clients(connection)
  }

  #advance(nowMs: number): void {
    if (nowMs > this.#nowMs) this.#nowMs = nowMs
  }

  #keyOf(connection: ConnectionId, request: SipRequest): string | undefined {
    const via = request.topVia()
    return via === undefined ? undefined : serverKey(request, via, this.#scopeOf(connection))
  }

  #handleRequest(connection: ConnectionId, request: SipRequest): void {
    const key = this.#keyOf(connection, request)
    if (key === undefined) {
      this.counters.ignoredMessages++
      return
    }
    const known = this.#servers.find(key, request.method)
    if (known !== undefined) {
      if (known.isInvite) this.#stepInviteServer(known, 'repeat', request)
      else this.#stepRequestServer(known, 'repeat', request)
      return
    }
    const transaction = new ServerTransaction(connection, request, key)
    if (this.#servers.size >= this.#maxServers || !this.#servers.add(transaction)) {
      this.#refuseOverload(connection, request)
      return
    }
    this.#book.add(transaction)
    const machine = transaction.isInvite ? inviteServerMachine : requestServerMachine
    this.#queues.start(machine.initialTimer, transaction, this.#nowMs)
    this.user.onRequest(transaction, request, this.#nowMs)
  }

  /** RFC 3261 §21.5.4, §8.2.7: an answer that is not remembered; its ACK is known by the end of the tag. */
  #refuseOverload(connection: ConnectionId, request: SipRequest): void {
    this.counters.overload++
    const toTag = this.newTag() + STATELESS_TAG_END
    this.user.send(connection, createResponse(request, 503, undefined, { toTag, headers: this.#retryAfter }))
  }

  /** RFC 3261 §17.2.3: an ACK has the branch of its INVITE when that was refused, and one of its own when it was accepted. */
  #handleAck(connection: ConnectionId, ack: SipRequest): void {
    const key = this.#keyOf(connection, ack)
    const invite = key === undefined ? undefined : this.#servers.find(key, 'INVITE')
    if (invite !== undefined) this.#stepInviteServer(invite, 'ack', ack)
    else if (key === undefined || ack.to()?.tag?.endsWith(STATELESS_TAG_END) === true) this.counters.ignoredMessages++
    else this.user.onAck(connection, ack, this.#nowMs)
  }

  /** RFC 3261 §9.2: the CANCEL is answered here and now, whatever becomes of the INVITE; so it needs no transaction. */
  #handleCancel(connection: ConnectionId, cancel: SipRequest): void {
    const key = this.#keyOf(connection, cancel)
    if (key === undefined) {
      this.counters.ignoredMessages++
      return
    }
    const cancelled = this.#servers.findCancelled(key)
    const status = cancelled === undefined ? 481 : 200
    const toTag = cancelled?.lastResponse?.to()?.tag ?? this.newTag()
    this.user.send(connection, createResponse(cancel, status, undefined, { toTag }))
    // RFC 3261 §9.2: no effect once a final response was sent, nor on other methods than INVITE
    if (cancelled?.isInvite === true && cancelled.isUnanswered) this.user.onCancel(cancelled, cancel, this.#nowMs)
  }

  /** RFC 3261 §17.1.3: matched by our branch and the method in CSeq, here also by the peer that the request went to. */
  #handleResponse(connection: ConnectionId, response: SipResponse): void {
    const branch = response.topVia()?.branch
    const transaction = branch === undefined ? undefined : this.#clients.get(branch)
    const method = response.cseq()?.method
    if (transaction === undefined || (transaction.connection !== connection && transaction.scope !== this.#scopeOf(connection))) {
      if (method === 'CANCEL') this.counters.ignoredMessages++
      else this.user.onStrayResponse(connection, response, this.#nowMs)
    } else if (method !== transaction.method) {
      this.counters.ignoredMessages++ // the answer to our CANCEL says nothing: what counts is the answer to the INVITE (RFC 3261 §9.1)
    } else if (transaction.isInvite) {
      this.#stepInviteClient(transaction, inviteProgress(response.status), response)
    } else {
      this.#stepRequestClient(transaction, response.status < 200 ? 'provisional' : 'final', response)
    }
  }

  #handleEvent(transaction: ClientTransaction | ServerTransaction, input: 'expired' | 'lost'): void {
    if (transaction.isServer) {
      if (transaction.isInvite) this.#stepInviteServer(transaction, input, undefined)
      else this.#stepRequestServer(transaction, input, undefined)
    } else if (transaction.isInvite) this.#stepInviteClient(transaction, input, undefined)
    else this.#stepRequestClient(transaction, input, undefined)
  }

  #stepInviteServer(transaction: ServerTransaction, input: InviteServerInput, message: SipMessage | undefined): void {
    this.#onArc?.(inviteServerMachine.name, transaction.state, input, inviteServerMachine.arcs[transaction.state][input]?.to ?? '')
    this.#followServer(transaction, inviteServerMachine.arcs[transaction.state][input], message)
  }

  #stepRequestServer(transaction: ServerTransaction, input: RequestServerInput, message: SipMessage | undefined): void {
    this.#onArc?.(requestServerMachine.name, transaction.state, input, requestServerMachine.arcs[transaction.state][input]?.to ?? '')
    this.#followServer(transaction, requestServerMachine.arcs[transaction.state][input], message)
  }

  #stepInviteClient(transaction: ClientTransaction, input: InviteClientInput, message: SipMessage | undefined): void {
    this.#onArc?.(inviteClientMachine.name, transaction.state, input, inviteClientMachine.arcs[transaction.state][input]?.to ?? '')
    this.#followClient(transaction, inviteClientMachine.arcs[transaction.state][input], message)
  }

  #stepRequestClient(transaction: ClientTransaction, input: RequestClientInput, message: SipMessage | undefined): void {
    this.#onArc?.(requestClientMachine.name, transaction.state, input, requestClientMachine.arcs[transaction.state][input]?.to ?? '')
    this.#followClient(transaction, requestClientMachine.arcs[transaction.state][input], message)
  }

  #followServer(transaction: ServerTransaction, arc: Arc<ServerTransaction> | undefined, message: SipMessage | undefined): void {
    if (arc === undefined) {
      this.counters.ignoredMessages++
      return
    }
    transaction.state = arc.to
    if (arc.to === 'terminated') {
      this.#servers.remove(transaction)
      this.#book.remove(transaction)
      this.#queues.stop(transaction)
    } else if (arc.timer !== 'keep') this.#queues.start(arc.timer, transaction, this.#nowMs)
    arc.act(this, transaction, message, this.#nowMs)
    if (arc.to === 'terminated') this.user.onServerEnd(transaction)
  }

  #followClient(transaction: ClientTransaction, arc: Arc<ClientTransaction> | undefined, message: SipMessage | undefined): void {
    if (arc === undefined) {
      this.counters.ignoredMessages++
      return
    }
    transaction.state = arc.to
    if (arc.to === 'terminated') {
      this.#clients.delete(transaction.branch)
      this.#book.remove(transaction)
      this.#queues.stop(transaction)
    } else if (arc.timer !== 'keep') this.#queues.start(arc.timer, transaction, this.#nowMs)
    arc.act(this, transaction, message, this.#nowMs)
  }
}

function inviteAnswer(status: number): InviteServerInput {
  return status < 200 ? 'provisional' : status < 300 ? 'success' : 'refusal'
}

function requestAnswer(status: number): RequestServerInput {
  if (status === 100) return 'trying'
  if (status < 200) return 'progress'
  return status === 408 ? 'late' : 'final'
}

function inviteProgress(status: number): InviteClientInput {
  if (status === 100) return 'trying'
  return inviteAnswer(status) as InviteClientInput
}
