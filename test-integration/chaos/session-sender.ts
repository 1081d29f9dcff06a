import { createRequest, Dialog, encodeMessage, type SipRequest, type SipResponse } from '@gatehouse/sip-core'
import type { ChaosSenderPlan, LoadSender } from './chaos-sender.ts'
import { keyOf, type Ledger, type SentMessage } from './ledger.ts'
import { ReplicaLink } from './replica-link.ts'

const MESSAGES_PER_SESSION = 20
const ANSWER_TIMEOUT_MS = 8_000
const STEP_MS = 10

const OFFER = [
  'v=0',
  'o=- 0 0 IN IP4 127.0.0.1',
  's=session',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=message 5060 sip null',
  'a=accept-types:text/plain',
  '',
].join('\r\n')

/** What waits for its final response; unchanged when it has to go out again. */
interface UnderWay {
  readonly request: SipRequest
  /** Absent for INVITE and BYE. */
  readonly message?: SentMessage
  sentMs: number
  /** Over which connection it went out last. */
  connection: number
}

/**
 * A client that talks in sessions: INVITE, ACK, messages one behind the other, BYE, and anew. What got no answer goes out again,
 * unchanged, over the next connection to the next replica, which has to go on with the dialog. Whatever else than a 2xx is said to a
 * message in a session ends it for this client, and the next message opens a new one.
 */
export class SessionSender implements LoadSender {
  readonly #plan: ChaosSenderPlan
  readonly #ledger: Ledger
  readonly #link: ReplicaLink
  #sessions = 0
  #name = ''
  #dialog: Dialog | undefined
  #messages = 0
  #underWay: UnderWay | undefined
  #credit = 0
  #timer: NodeJS.Timeout | undefined
  #lastStepMs = 0
  #isSending = false
  /** Over which connection the latest 2xx in this session came. */
  #spokenOver = 0
  passedMs = 0
  /** Sessions that went on over another connection than the one before. */
  wentOn = 0
  /** Sessions that were given up for an error. */
  broken = 0

  constructor(plan: ChaosSenderPlan, ledger: Ledger) {
    this.#plan = plan
    this.#ledger = ledger
    this.#link = new ReplicaLink(plan, { onFinal: (response) => this.#answered(response), onLost: () => {} })
  }

  get opened(): number {
    return this.#sessions
  }

  get isSettled(): boolean {
    return this.#underWay === undefined
  }

  start(): void {
    this.#isSending = true
    this.#lastStepMs = performance.now()
    this.#timer = setInterval(() => this.#step(performance.now()), STEP_MS)
  }

  finish(): void {
    this.#isSending = false
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#link.destroy()
  }

  #step(nowMs: number): void {
    this.#credit = Math.min(1, this.#credit + ((nowMs - this.#lastStepMs) * this.#plan.messagesPerSecond) / 1000)
    this.#lastStepMs = nowMs
    this.#link.keep(nowMs)
    if (!this.#link.isOpen) return
    const waiting = this.#underWay
    if (waiting !== undefined) {
      if (waiting.connection !== this.#link.connection) this.#send(waiting, nowMs)
      else if (nowMs - waiting.sentMs > ANSWER_TIMEOUT_MS) this.#link.destroy()
      return
    }
    if (!this.#isSending || this.#credit < 1) return
    this.#credit--
    this.#next(nowMs)
  }

  #next(nowMs: number): void {
    const dialog = this.#dialog
    if (dialog === undefined) this.#begin({ request: this.#invite(), sentMs: 0, connection: 0 }, nowMs)
    else if (this.#messages === MESSAGES_PER_SESSION) {
      this.#dialog = undefined
      this.#begin({ request: dialog.createRequest('BYE').request, sentMs: 0, connection: 0 }, nowMs)
    } else {
      this.#messages++
      // the INVITE has number 1
      const number = this.#messages + 1
      const body = Buffer.from(`${keyOf(this.#name, number)} in a session`)
      const { request } = dialog.createRequest('MESSAGE', [['Content-Type', 'text/plain;charset=UTF-8']], { body })
      this.#begin({ request, message: this.#ledger.open(this.#name, number, this.#plan.name), sentMs: 0, connection: 0 }, nowMs)
    }
  }

  #invite(): SipRequest {
    const { from, to, host, name } = this.#plan
    this.#sessions++
    this.#name = `${name}-s${this.#sessions}`
    this.#messages = 0
    this.#spokenOver = 0
    const headers = [
      ['Max-Forwards', '70'],
      ['From', `<sip:${from}>;tag=${this.#name}`],
      ['To', `<sip:${to}>`],
      ['Call-ID', this.#name],
      ['CSeq', '1 INVITE'],
      ['Contact', `<sip:${from.slice(0, from.indexOf('@'))}@${host}:5061;transport=tls>`],
      ['Content-Type', 'application/sdp'],
      ['Content-Length', String(OFFER.length)],
    ] as const
    return createRequest('INVITE', `sip:${to}`, headers, Buffer.from(OFFER))
  }

  #begin(underWay: UnderWay, nowMs: number): void {
    this.#addVia(underWay.request)
    this.#underWay = underWay
    this.#send(underWay, nowMs)
  }

  #addVia(request: SipRequest): void {
    const { number = 0, method = '' } = request.cseq() ?? {}
    request.headers.prepend('Via', `SIP/2.0/TLS ${this.#plan.host}:5061;branch=z9hG4bK${this.#name}-${number}-${method}`)
  }

  #send(underWay: UnderWay, nowMs: number): void {
    underWay.sentMs = nowMs
    underWay.connection = this.#link.connection
    if (underWay.message !== undefined) this.#ledger.attempted(underWay.message, this.#link.connection)
    this.#link.send(encodeMessage(underWay.request))
  }

  #answered(response: SipResponse): void {
    const { request, message, sentMs, connection } = this.#underWay ?? {}
    const [asked, answered] = [request?.cseq(), response.cseq()]
    const isOurs = request?.callId() === response.callId() && asked?.number === answered?.number && asked?.method === answered?.method
    if (request === undefined || !isOurs) {
      this.#ledger.strayAnswers++
      return
    }
    this.#underWay = undefined
    const isGood = response.status < 300
    if (message !== undefined) this.#ledger.answered(message, response.status, performance.now())
    if (request.method === 'INVITE' && isGood) this.#opened(request, response)
    if (!isGood && request.method !== 'BYE') {
      this.#dialog = undefined
      this.broken++
    }
    if (!isGood || message === undefined) return
    this.passedMs = Math.max(this.passedMs, sentMs ?? 0)
    if (this.#spokenOver !== 0 && connection !== this.#spokenOver) this.wentOn++
    this.#spokenOver = connection ?? 0
  }

  #opened(invite: SipRequest, response: SipResponse): void {
    this.#dialog = Dialog.ofSent(invite, response)
    const ack = this.#dialog?.createRequest('ACK', [], { ackOf: 1 }).request
    if (ack === undefined) return
    this.#addVia(ack)
    this.#link.send(encodeMessage(ack))
  }
}
