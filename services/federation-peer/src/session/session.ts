import type { EdgeSide, PeerIdentity } from '@gatehouse/im-model'
import {
  type ClientFailure,
  type ClientTransaction,
  checkMessage,
  createResponse,
  encodeHead,
  type Frame,
  type ServerTransaction,
  type SipDefect,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  SipStreamFramer,
  TransactionLayer,
  type TransactionUser,
} from '@gatehouse/sip-core'
import type { FederationPeerConfig } from '../config.ts'
import type { ConnectionId, EdgeConnection, EdgeHandler, EdgeLog } from '../edge/connection.ts'
import type { SipTraces } from '../peering/sip-traces.ts'
import type { ClientOwner } from './client-owner.ts'
import { type ConnectionState, stateOf } from './connection-state.ts'
import type { Gate } from './gate.ts'
import { OpenShare } from './open-share.ts'
import { Passage } from './passage.ts'
import { TurnQueue } from './turn-queue.ts'

const REQUEST_TIMEOUT_MS = 28_000
const PONG = '\r\n'
/** Messages of one connection in one turn: about half a millisecond of work, as long as others may have to wait for it. */
const SHARE_OF_TURN = 16
/** A TLS record filled to the brim: more stands behind it, and Node would read up to 2 MB of it before it looks at anybody else. */
const FULL_CHUNK_BYTES = 16_384
/** A refused peer gets this long to send the request that is answered 403; then the connection ends. */
const REFUSED_LINGER_MS = 5_000

export interface SessionDeps {
  readonly limits: FederationPeerConfig['limits']
  readonly nowMs: () => number
  readonly log: EdgeLog
  readonly newTag: () => string
  /** True when this certificate belongs to a configured inside server. */
  readonly isInsideServer: (peer: PeerIdentity) => boolean
  /** True when a trust store that counts on this edge anchors the certificate. */
  readonly isAnchoredOn: (side: EdgeSide, peer: PeerIdentity) => boolean
  /** Whose messages somebody looks at. */
  readonly traces: SipTraces
  readonly gate: (session: Session) => Gate
  /** Runs once when the current event-loop turn's input was handled; `setImmediate` unless a test says otherwise. */
  readonly afterTurn?: (run: () => void) => void
}

/**
 * Drives the SIP core with what the edge brings: bytes become messages, messages become transactions, requests enter the
 * gate. It knows every open connection; it decides nothing about messages.
 */
export class Session implements EdgeHandler, TransactionUser {
  readonly layer: TransactionLayer
  readonly connections = new Map<ConnectionId, EdgeConnection>()
  readonly #deps: SessionDeps
  readonly #gate: Gate
  readonly #turns: TurnQueue
  readonly #shares: Readonly<Record<EdgeSide, OpenShare>>
  #lastWriteHadRoom = true

  constructor(deps: SessionDeps) {
    this.#deps = deps
    this.layer = new TransactionLayer(this, {
      maxServerTransactions: deps.limits.maxOpenTransactions,
      maxClientTransactions: deps.limits.maxOpenTransactions,
      newTag: deps.newTag,
      // Shorter than the sender's own 64*T1 (RFC 3261 §17.1.2.2), so that it hears our 504 and its reason before it gives up.
      timers: { requestTimeoutMs: REQUEST_TIMEOUT_MS },
      // One peer may use several connections; a CANCEL or a response is matched within one certificate.
      scopeOf: (connection) => this.connections.get(connection)?.peer.fingerprint ?? connection,
    })
    this.#gate = deps.gate(this)
    const { highMarkPerConnection } = deps.limits
    this.#shares = { external: new OpenShare(highMarkPerConnection), internal: new OpenShare(highMarkPerConnection) }
    this.#turns = new TurnQueue((connection) => this.#workOn(connection), deps.afterTurn ?? ((run) => void setImmediate(run)))
  }

  onOpen(connection: EdgeConnection): void {
    const state: ConnectionState = {
      framer: new SipStreamFramer({ maxHeadBytes: this.#deps.limits.maxHeadBytes, maxBodyBytes: this.#deps.limits.maxBodyBytes }),
      bound: undefined,
      servedPartner: undefined,
      refusal: undefined,
      malformed: 0,
      messageStartedAtMs: 0,
      isWaitingForTurn: false,
      openTransactions: 0,
      isPausedForTransactions: false,
      pausedFeeders: undefined,
      lastRequestAtMs: 0,
      requestsIn: 0,
      requestsOut: 0,
      refused: 0,
      domains: undefined,
    }
    if (!connection.peer.isAuthenticated) state.refusal = 'GH-PEER-UNAUTHENTICATED'
    else if (!this.#deps.isAnchoredOn(connection.side, connection.peer)) state.refusal = 'GH-PEER-OTHER-EDGE'
    else if (connection.side === 'internal') {
      if (this.#deps.isInsideServer(connection.peer)) state.bound = { peerClass: 'inside', partner: insideName(connection.peer) }
      else state.refusal = 'GH-PEER-NOT-INSIDE'
    }
    connection.context = state
    this.connections.set(connection.id, connection)
    if (state.refusal !== undefined) {
      state.messageStartedAtMs = this.#deps.nowMs()
      this.#deps.log.warn(
        {
          code: state.refusal,
          identity: connection.peer.refusal?.code,
          detail: connection.peer.refusal?.detail,
          remote: connection.remote.address,
          fingerprint: connection.peer.fingerprint,
          side: connection.side,
        },
        'peer refused',
      )
    }
  }

  onData(connection: EdgeConnection, chunk: Buffer): void {
    if (!connection.isOpen) return
    const state = stateOf(connection)
    state.framer.handleData(chunk)
    // Something that was on its way when it was paused: it stands behind the rest.
    if (state.isWaitingForTurn) return
    const isMoreComing = chunk.length >= FULL_CHUNK_BYTES
    if (!this.#workOn(connection) && !isMoreComing) return
    state.isWaitingForTurn = true
    this.#turns.add(connection)
  }

  /** Handles what one turn is for; true: there is more. */
  #workOn(connection: EdgeConnection): boolean {
    const state = stateOf(connection)
    const nowMs = this.#deps.nowMs()
    state.isWaitingForTurn = false
    let handled = 0
    for (; connection.isOpen; handled++) {
      if (handled === SHARE_OF_TURN && state.framer.isMidMessage) {
        state.isWaitingForTurn = true
        return true
      }
      const frame = state.framer.takeFrame()
      if (frame === undefined) break
      this.#handleFrame(connection, state, frame, nowMs)
    }
    if (!connection.isOpen || state.refusal !== undefined) return false
    // A deadline for the message in hand, not for the connection: idle peers may stay (RFC 5923), and busy ones end many messages before it.
    if (!state.framer.isMidMessage) state.messageStartedAtMs = 0
    else if (handled > 0 || state.messageStartedAtMs === 0) state.messageStartedAtMs = nowMs
    return false
  }

  /** Nothing of this peer is under way here: its connection can end without an answer being owed. */
  isQuiet(connection: EdgeConnection): boolean {
    const state = stateOf(connection)
    return state.openTransactions === 0 && !state.framer.isMidMessage && connection.bufferedBytes === 0
  }

  onDrain(connection: EdgeConnection): void {
    const feeders = stateOf(connection).pausedFeeders
    if (feeders === undefined) return
    for (const feeder of feeders) feeder.resume(`link ${connection.id}`)
    feeders.clear()
  }

  onClosed(connection: EdgeConnection): void {
    this.onDrain(connection)
    this.connections.delete(connection.id)
    this.#shares[connection.side].leave(stateOf(connection))
    this.layer.handleConnectionClosed(connection.id, this.#deps.nowMs())
  }

  /** Called a few times per second: transaction timers, senders that never finish a message, refused peers that linger. */
  sweep(nowMs: number): void {
    const deadline = this.layer.nextDeadlineMs()
    if (deadline !== undefined && deadline <= nowMs) this.layer.handleTimeout(nowMs)
  }

  /** Walks all connections; once a second is enough. */
  sweepConnections(nowMs: number): void {
    for (const connection of this.connections.values()) {
      const state = stateOf(connection)
      if (state.messageStartedAtMs === 0) continue
      const limitMs = state.refusal === undefined ? this.#deps.limits.messageTimeoutMs : REFUSED_LINGER_MS
      if (nowMs - state.messageStartedAtMs < limitMs) continue
      const code = state.refusal ?? 'GH-PEER-SLOW-SENDER'
      this.#deps.log.warn({ code, remote: connection.remote.address, side: connection.side }, 'connection closed')
      connection.close(code)
    }
  }

  // ── TransactionUser ──

  onRequest(transaction: ServerTransaction, request: SipRequest, nowMs: number): void {
    const connection = this.connections.get(transaction.connection)
    if (connection === undefined) return
    const state = stateOf(connection)
    state.requestsIn++
    state.lastRequestAtMs = nowMs
    if (this.#shares[connection.side].begin(state)) connection.pause('transactions')
    const passage = new Passage(transaction, request, connection, state.bound, this.#gate.evidence, nowMs)
    transaction.context = passage
    this.#gate.enter(passage)
  }

  onAck(connectionId: ConnectionId, ack: SipRequest, nowMs: number): void {
    const connection = this.connections.get(connectionId)
    if (connection !== undefined) this.#gate.passUnanswered(connection, ack, nowMs)
  }

  onCancel(transaction: ServerTransaction, _cancel: SipRequest, nowMs: number): void {
    ;(transaction.context as Passage).relay?.handleCancel(nowMs)
  }

  onServerLost(transaction: ServerTransaction, nowMs: number): void {
    ;(transaction.context as Passage).relay?.handleServerLost(nowMs)
  }

  onResponse(transaction: ClientTransaction, response: SipResponse, nowMs: number): void {
    ;(transaction.context as ClientOwner).handleResponse(response, nowMs)
  }

  onFailure(transaction: ClientTransaction, why: ClientFailure, nowMs: number): void {
    ;(transaction.context as ClientOwner).handleFailure(why, nowMs)
  }

  /** RFC 6026 §8.9 and RFC 3261 §16.7: a response that belongs to nothing is not forwarded. */
  onStrayResponse(connectionId: ConnectionId, response: SipResponse): void {
    this.#deps.log.debug({ connectionId, status: response.status }, 'stray response dropped')
  }

  onServerEnd(transaction: ServerTransaction): void {
    const passage = transaction.context as Passage | undefined
    if (passage !== undefined) this.#gate.leave(passage)
    const connection = this.connections.get(transaction.connection)
    if (connection === undefined) return
    if (this.#shares[connection.side].end(stateOf(connection))) connection.resume('transactions')
  }

  send(connectionId: ConnectionId, message: SipMessage): void {
    const connection = this.connections.get(connectionId)
    if (connection === undefined) return
    if (message.isRequest) stateOf(connection).requestsOut++
    if (this.#deps.traces.isOn) this.#deps.traces.note(connection, message, false, this.#deps.nowMs())
    this.#lastWriteHadRoom = connection.write(encodeHead(message), message.body.byteLength === 0 ? undefined : message.body)
    // Whoever does not read its answers is not read either: its requests wait with it, not in our memory.
    if (!this.#lastWriteHadRoom && !message.isRequest) this.#holdFeeder(connection, connection)
  }

  /** After a write that found the link full: the connection that feeds it is not read until it drains. */
  holdFeederIfFull(link: EdgeConnection, feeder: EdgeConnection): void {
    if (!this.#lastWriteHadRoom) this.#holdFeeder(link, feeder)
  }

  #holdFeeder(link: EdgeConnection, feeder: EdgeConnection): void {
    const state = stateOf(link)
    state.pausedFeeders ??= new Set()
    if (state.pausedFeeders.has(feeder)) return
    state.pausedFeeders.add(feeder)
    feeder.pause(`link ${link.id}`)
  }

  // ── frames ──

  #handleFrame(connection: EdgeConnection, state: ConnectionState, frame: Frame, nowMs: number): void {
    if (this.#deps.traces.isOn) this.#noteFrame(connection, frame, nowMs)
    switch (frame.kind) {
      case 'keepalive':
        if (state.refusal === undefined) connection.write(PONG, undefined) // RFC 5626 §3.5.1
        return
      case 'message': {
        if (state.refusal !== undefined) return this.#answerRefused(connection, state, frame.message)
        const defect = checkMessage(frame.message)
        if (defect === undefined) this.#handleMessage(connection, frame.message, nowMs)
        else this.#answerDefect(connection, state, defect, frame.message)
        return
      }
      case 'malformed':
        if (state.refusal !== undefined) return this.#answerRefused(connection, state, frame.message)
        return this.#answerDefect(connection, state, frame.defect, frame.message)
      case 'broken':
        if (state.refusal !== undefined) return this.#answerRefused(connection, state, frame.message)
        this.#answerDefect(connection, state, frame.defect, frame.message)
        connection.close(frame.defect.code)
        return
    }
  }

  #noteFrame(connection: EdgeConnection, frame: Frame, nowMs: number): void {
    if (frame.kind === 'keepalive' || frame.message === undefined) return
    const defect = frame.kind === 'message' ? '' : frame.defect.code
    this.#deps.traces.note(connection, frame.message, true, nowMs, defect)
  }

  #handleMessage(connection: EdgeConnection, message: SipMessage, nowMs: number): void {
    // BENOTIFY is a NOTIFY that gets no response (lcs-edge §4), so it is no transaction.
    if (message.isRequest && message.method === 'BENOTIFY') this.#gate.passUnanswered(connection, message, nowMs)
    else this.layer.handleMessage(connection.id, message, nowMs)
  }

  /** Terse outside: no word of what is wrong with the certificate. Then the connection ends. */
  #answerRefused(connection: EdgeConnection, state: ConnectionState, message: SipMessage | undefined): void {
    if (message?.isRequest === true && message.method !== 'ACK') {
      state.refused++
      const response = createResponse(message, 403)
      connection.write(encodeHead(response), undefined)
    }
    connection.close(state.refusal ?? 'GH-PEER-UNAUTHENTICATED')
  }

  /** RFC 3261 §8.2.2 and §16.3 step 1: what cannot be understood is answered, when it can be, and never forwarded. */
  #answerDefect(connection: EdgeConnection, state: ConnectionState, defect: SipDefect, message: SipMessage | undefined): void {
    state.malformed++
    this.#deps.log.warn(
      { code: defect.code, detail: defect.detail, remote: connection.remote.address, side: connection.side, partner: state.bound?.partner },
      'malformed message',
    )
    if (message?.isRequest === true && message.method !== 'ACK' && message.topVia() !== undefined) {
      connection.write(encodeHead(createResponse(message, defect.status)), undefined)
    }
    if (state.malformed >= this.#deps.limits.maxMalformedPerConnection) {
      this.#deps.log.warn({ code: 'GH-PEER-MALFORMED-FLOOD', remote: connection.remote.address }, 'connection closed')
      connection.close('GH-PEER-MALFORMED-FLOOD')
    }
  }
}

function insideName(peer: PeerIdentity): string {
  return peer.names.dns[0] ?? peer.names.commonName ?? peer.fingerprint
}
