import { readFileSync } from 'node:fs'
import { connect, type TLSSocket } from 'node:tls'
import { type SipMessage, SipStreamFramer } from '@gatehouse/sip-core'
import { LatencyHistogram } from './latency-histogram.ts'
import type { BenchPeer, GeneratorOrder, PeerResult, PhaseOrder } from './load-orders.ts'
import { benchBody, benchMessage } from './message-template.ts'

const MAX_ERRORS = 10
// What waits in our own socket is not load on the relay; a peer with more than this does not get on with its own work either.
const MAX_WAITING_BYTES = 1024 * 1024

/** One partner's edge: sends MESSAGE requests on its connection and checks every single answer. */
export class PeerLink {
  readonly latencies: LatencyHistogram = new LatencyHistogram()
  /** Of the second that is being counted; the generator empties it. */
  readonly latest: LatencyHistogram = new LatencyHistogram()
  /** How late messages were sent. */
  readonly delays: LatencyHistogram = new LatencyHistogram()
  readonly errors: string[] = []
  answeredEver = 0
  readonly #order: GeneratorOrder
  readonly #peer: BenchPeer
  readonly #index: number
  readonly #body: string
  readonly #framer = new SipStreamFramer({ maxBodyBytes: 1_048_576 })
  /** When each request was due, by CSeq. */
  readonly #dueMs = new Map<number, number>()
  #socket: TLSSocket | undefined
  #sequence = 0
  #window = 0
  #ratePerMs = 0
  #rateStartMs = 0
  #rateDone = 0
  #isCounting = false
  #mayRefuse = false
  #isOver = false
  #offered = 0
  #answered = 0
  #refused = 0
  #heldBack = 0

  constructor(order: GeneratorOrder, index: number) {
    this.#order = order
    this.#index = index
    this.#peer = order.peers[index] as BenchPeer
    this.#body = benchBody(order.bodyBytes)
  }

  get openRequests(): number {
    return this.#dueMs.size
  }

  open(): Promise<void> {
    const { targets, servername } = this.#order
    const { certFile, keyFile, caFile } = this.#peer
    const target = targets[this.#index % targets.length] as { host: string; port: number }
    const files = { cert: readFileSync(certFile), key: readFileSync(keyFile), ca: readFileSync(caFile) }
    return new Promise((resolve, reject) => {
      const socket = connect({ ...target, servername, ...files })
      this.#socket = socket
      socket.setNoDelay(true)
      socket.once('secureConnect', () => resolve())
      socket.on('error', (error) => {
        this.#fail(error.message)
        reject(error)
      })
      socket.on('close', () => this.#fail(`the connection of ${this.#peer.domain} closed`))
      socket.on('data', (chunk: Buffer) => this.#take(socket, chunk))
    })
  }

  /** Begins to send as the phase says. */
  begin(phase: PhaseOrder, nowMs: number): void {
    this.#window = phase.window ?? 0
    this.#ratePerMs = (phase.ratesPerS?.[this.#index] ?? 0) / 1000
    this.#mayRefuse = phase.ratesPerS !== undefined
    this.#rateStartMs = nowMs
    this.#rateDone = 0
    for (let each = 0; each < this.#window; each += 1) this.#send(nowMs)
  }

  /** Sends what is due by now, where there is a rate. */
  tick(nowMs: number): void {
    const socket = this.#socket
    const due = Math.floor((nowMs - this.#rateStartMs) * this.#ratePerMs)
    if (socket === undefined || due <= this.#rateDone) return
    socket.cork()
    for (; this.#rateDone < due; this.#rateDone += 1) {
      const dueMs = this.#rateStartMs + (this.#rateDone + 1) / this.#ratePerMs
      if (socket.writableLength < MAX_WAITING_BYTES) {
        if (this.#isCounting) this.delays.add(nowMs - dueMs)
        this.#send(dueMs)
      } else if (this.#isCounting) {
        this.#offered += 1
        this.#heldBack += 1
      }
    }
    socket.uncork()
  }

  count(): void {
    this.latencies.clear()
    this.latest.clear()
    this.delays.clear()
    this.#offered = 0
    this.#answered = 0
    this.#refused = 0
    this.#heldBack = 0
    this.#isCounting = true
  }

  /** Ends the phase: nothing more is sent, answers still come. */
  end(): PeerResult {
    this.#isCounting = false
    this.#window = 0
    this.#ratePerMs = 0
    return {
      offered: this.#offered,
      answered: this.#answered,
      refused: this.#refused,
      heldBack: this.#heldBack,
      ...this.latencies.latency(),
    }
  }

  close(): void {
    this.#isOver = true
    this.#socket?.destroy()
  }

  #send(dueMs: number): void {
    this.#sequence += 1
    if (this.#isCounting) this.#offered += 1
    this.#dueMs.set(this.#sequence, dueMs)
    this.#socket?.write(
      benchMessage(this.#idOf(this.#sequence), this.#sequence, this.#peer.domain, this.#body, this.#order.toDomain),
      'latin1',
    )
  }

  #idOf(sequence: number): string {
    return `${this.#order.run}-${this.#index}-${sequence}`
  }

  #take(socket: TLSSocket, chunk: Buffer): void {
    this.#framer.handleData(chunk)
    socket.cork()
    for (let frame = this.#framer.takeFrame(); frame !== undefined; frame = this.#framer.takeFrame()) {
      if (frame.kind === 'keepalive') continue
      if (frame.kind === 'message') this.#check(frame.message)
      else this.#fail(`an answer that cannot be read (${frame.kind})`)
    }
    socket.uncork()
  }

  #check(answer: SipMessage): void {
    if (answer.isRequest) return this.#fail('a request in place of an answer')
    if (answer.status < 200) return
    const sequence = answer.cseq()?.number ?? 0
    const dueMs = this.#dueMs.get(sequence)
    this.#dueMs.delete(sequence)
    if (dueMs === undefined) return this.#fail(`an answer to CSeq ${sequence}, which is not open`)
    const id = this.#idOf(sequence)
    if (answer.callId() !== `${id}@edge.${this.#peer.domain}`) this.#fail(`Call-ID ${answer.callId()}`)
    if (answer.topVia()?.branch !== `z9hG4bK${id}`) this.#fail(`the Via is not ours: ${answer.topVia()?.branch}`)
    if (answer.from()?.tag !== `t${id}`) this.#fail('the From tag is not ours')
    const nowMs = performance.now()
    if (answer.status === 200) this.#note(nowMs - dueMs)
    else if (answer.status === 503 && this.#mayRefuse) this.#refused += this.#isCounting ? 1 : 0
    else this.#fail(`status ${answer.status} ${answer.reason}`)
    this.answeredEver += 1
    if (this.#dueMs.size < this.#window) this.#send(nowMs)
  }

  #note(ms: number): void {
    if (!this.#isCounting) return
    this.#answered += 1
    this.latencies.add(ms)
    this.latest.add(ms)
  }

  #fail(what: string): void {
    if (!this.#isOver && this.errors.length < MAX_ERRORS) this.errors.push(what)
  }
}
