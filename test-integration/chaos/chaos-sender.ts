import { connect as connectTcp } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import type { Issued } from '@gatehouse/lab'
import { SipStreamFramer } from '@gatehouse/sip-core'
import { keyOf, type Ledger, type SentMessage } from './ledger.ts'

export interface ChaosSenderPlan {
  readonly name: string
  readonly from: string
  readonly to: string
  /** Host in Via. */
  readonly host: string
  readonly certificate: Issued
  readonly caPem: string
  /** Name in the gate's certificate. */
  readonly servername: string
  /** Ports of the replicas, tried in turn. */
  readonly ports: readonly number[]
  readonly messagesPerSecond: number
  /** A 503 is an answer of this replica, not of the message's fate: it goes to the next one (RFC 3263 §4.3). */
  readonly hasFailover?: boolean
}

const MAX_IN_FLIGHT = 8
const MESSAGES_PER_CONVERSATION = 100
const ANSWER_TIMEOUT_MS = 8_000
const HANDSHAKE_TIMEOUT_MS = 3_000
const REDIAL_MS = 250
const STEP_MS = 10

/**
 * A partner's server that never gives up: sends at its pace, several messages of a conversation under way at once, and what
 * got no answer goes out again, unchanged (same branch, same body), over the next connection to the next replica.
 */
export class ChaosSender {
  readonly plan: ChaosSenderPlan
  readonly #ledger: Ledger
  readonly #inFlight = new Map<string, { readonly message: SentMessage; readonly sentMs: number }>()
  #unanswered: SentMessage[] = []
  #socket: TLSSocket | undefined
  #isOpen = false
  #connections = 0
  #conversations = 0
  #inConversation = 0
  #credit = 0
  #redialMs = 0
  #timer: NodeJS.Timeout | undefined
  #lastStepMs = 0
  #isSending = false
  /** Told to go elsewhere: nothing more is sent here. */
  #isLeaving = false
  /** When its latest message that was then acknowledged had been sent. */
  passedMs = 0

  constructor(plan: ChaosSenderPlan, ledger: Ledger) {
    this.plan = plan
    this.#ledger = ledger
  }

  start(): void {
    this.#isSending = true
    this.#lastStepMs = performance.now()
    this.#timer = setInterval(() => this.#step(performance.now()), STEP_MS)
  }

  /** No new messages; those without an answer are still tried until `isSettled`. */
  finish(): void {
    this.#isSending = false
  }

  get isSettled(): boolean {
    return this.#inFlight.size === 0 && this.#unanswered.length === 0
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#socket?.destroy()
  }

  #step(nowMs: number): void {
    this.#credit = Math.min(MAX_IN_FLIGHT, this.#credit + ((nowMs - this.#lastStepMs) * this.plan.messagesPerSecond) / 1000)
    this.#lastStepMs = nowMs
    if (this.#socket === undefined && nowMs >= this.#redialMs) this.#dial()
    if (!this.#isOpen) return
    const oldest = this.#inFlight.values().next().value
    if (oldest !== undefined && nowMs - oldest.sentMs > ANSWER_TIMEOUT_MS) {
      this.#socket?.destroy()
      return
    }
    if (this.#isLeaving) {
      if (this.#inFlight.size === 0) this.#socket?.end()
      return
    }
    while (this.#unanswered.length > 0 && this.#inFlight.size < MAX_IN_FLIGHT) this.#send(this.#unanswered.shift() as SentMessage, nowMs)
    while (this.#isSending && this.#credit >= 1 && this.#inFlight.size < MAX_IN_FLIGHT) {
      this.#credit--
      this.#send(this.#next(), nowMs)
    }
  }

  #next(): SentMessage {
    if (this.#inConversation === 0 || this.#inConversation === MESSAGES_PER_CONVERSATION) {
      this.#conversations++
      this.#inConversation = 0
    }
    this.#inConversation++
    return this.#ledger.open(`${this.plan.name}-${this.#conversations}`, this.#inConversation)
  }

  #dial(): void {
    const { plan } = this
    this.#connections++
    const port = plan.ports[this.#connections % plan.ports.length] as number
    const wire = connectTcp({ host: '127.0.0.1', port })
    wire.on('error', () => wire.destroy())
    const socket = connect({
      socket: wire,
      servername: plan.servername,
      cert: plan.certificate.chainPem,
      key: plan.certificate.keyPem,
      ca: plan.caPem,
    })
    this.#socket = socket
    const framer = new SipStreamFramer()
    const tooLate = setTimeout(() => socket.destroy(), HANDSHAKE_TIMEOUT_MS)
    socket.setNoDelay(true)
    socket.once('secureConnect', () => {
      clearTimeout(tooLate)
      this.#isOpen = true
    })
    socket.on('data', (chunk: Buffer) => {
      framer.handleData(chunk)
      for (let frame = framer.takeFrame(); frame !== undefined; frame = framer.takeFrame()) {
        if (frame.kind !== 'message' || frame.message.isRequest) continue
        const { status } = frame.message
        if (status >= 200) this.#answered(keyOf(frame.message.callId() ?? '', frame.message.cseq()?.number ?? 0), status)
      }
    })
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      clearTimeout(tooLate)
      wire.destroy()
      this.#lost()
    })
  }

  #lost(): void {
    this.#socket = undefined
    this.#isOpen = false
    this.#isLeaving = false
    this.#redialMs = performance.now() + REDIAL_MS
    this.#unanswered = [...[...this.#inFlight.values()].map(({ message }) => message), ...this.#unanswered]
    this.#inFlight.clear()
  }

  #answered(key: string, status: number): void {
    const open = this.#inFlight.get(key)
    if (open === undefined) {
      this.#ledger.strayAnswers++
      return
    }
    this.#inFlight.delete(key)
    if (status === 503 && this.plan.hasFailover === true) {
      this.#unanswered.push(open.message)
      this.#isLeaving = true
      return
    }
    this.#ledger.answered(open.message, status, performance.now())
    if (status < 300) this.passedMs = Math.max(this.passedMs, open.sentMs)
  }

  #send(message: SentMessage, nowMs: number): void {
    const key = keyOf(message.conversation, message.number)
    this.#inFlight.set(key, { message, sentMs: nowMs })
    this.#ledger.attempted(message, this.#connections)
    this.#socket?.write(this.#wire(message, key))
  }

  #wire({ conversation, number }: SentMessage, key: string): string {
    const { from, to, host } = this.plan
    const body = `${key} ${'.'.repeat(number % 64)}`
    return [
      `MESSAGE sip:${to} SIP/2.0`,
      `Via: SIP/2.0/TLS ${host}:5061;branch=z9hG4bK${conversation}-${number}`,
      'Max-Forwards: 70',
      `From: <sip:${from}>;tag=${conversation}`,
      `To: <sip:${to}>`,
      `Call-ID: ${conversation}`,
      `CSeq: ${number} MESSAGE`,
      'Content-Type: text/plain;charset=UTF-8',
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n')
  }
}
