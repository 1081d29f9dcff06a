// The partner of a bench: keeps a window of MESSAGE requests in flight on a few connections and checks every single answer.
import { readFileSync } from 'node:fs'
import { connect, type TLSSocket } from 'node:tls'
import { SipStreamFramer } from '@gatehouse/sip-core'
import type { GeneratorOrder, GeneratorReport, GeneratorResult } from './child-messages.ts'
import { benchMessage } from './message-template.ts'

const MAX_SAMPLES = 4_000_000
const MAX_ERRORS = 10
const LOOK_MS = 50

class Load {
  readonly #order: GeneratorOrder
  readonly #samples = new Float64Array(MAX_SAMPLES)
  readonly #errors: string[] = []
  #count = 0
  #answered = 0
  #isMeasuring = false
  #isOver = false

  constructor(order: GeneratorOrder) {
    this.#order = order
  }

  async run(report: (report: GeneratorReport) => void): Promise<GeneratorResult> {
    const order = this.#order
    const sockets = await Promise.all(Array.from({ length: order.connections }, (_, index) => this.#open(index)))
    await this.#warmUp()
    report({ kind: 'measuring' })
    this.#isMeasuring = true
    const startedMs = performance.now()
    await pause(order.measureMs)
    this.#isMeasuring = false
    const measuredMs = performance.now() - startedMs
    report({ kind: 'measured' })
    this.#isOver = true
    for (const socket of sockets) socket.destroy()
    const sorted = this.#samples.subarray(0, this.#count).sort()
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    return { messages: this.#count, errors: this.#errors, measuredMs, p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999) }
  }

  /** Until the JIT has seen enough messages, however slow the machine is just now, and not a moment less than `warmUpMs`. */
  async #warmUp(): Promise<void> {
    const { warmUpMs, warmUpMessages, maxWarmUpMs } = this.#order
    const startedMs = performance.now()
    for (;;) {
      await pause(LOOK_MS)
      const passedMs = performance.now() - startedMs
      if (passedMs >= maxWarmUpMs || (passedMs >= warmUpMs && this.#answered >= warmUpMessages)) return
    }
  }

  #open(index: number): Promise<TLSSocket> {
    const order = this.#order
    const framer = new SipStreamFramer()
    const sentMs = new Map<number, number>()
    let sequence = 0
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: order.host,
        port: order.port,
        servername: order.servername,
        cert: readFileSync(order.certFile),
        key: readFileSync(order.keyFile),
        ca: readFileSync(order.caFile),
      })
      const sendNext = (): void => {
        sequence += 1
        sentMs.set(sequence, performance.now())
        socket.write(benchMessage(order.run, index, sequence))
      }
      socket.setNoDelay(true)
      socket.once('secureConnect', () => {
        for (let each = 0; each < order.window; each += 1) sendNext()
        resolve(socket)
      })
      socket.on('error', (error) => {
        this.#fail(error.message)
        reject(error)
      })
      socket.on('close', () => this.#fail(`connection ${index} closed`))
      socket.on('data', (chunk: Buffer) => {
        framer.handleData(chunk)
        socket.cork()
        for (let frame = framer.takeFrame(); frame !== undefined; frame = framer.takeFrame()) {
          if (frame.kind === 'keepalive') continue
          if (frame.kind !== 'message' || frame.message.isRequest) {
            this.#fail(`an answer that is no response (${frame.kind})`)
            continue
          }
          const answer = frame.message
          const answered = answer.cseq()?.number ?? 0
          const startMs = sentMs.get(answered)
          if (answer.status < 200) continue
          if (answer.status !== 200) this.#fail(`status ${answer.status} ${answer.reason}`)
          if (startMs === undefined) this.#fail(`an answer to CSeq ${answered}, which is not open`)
          else if (answer.callId() !== `${order.run}-${index}-${answered}@edge.fabrikam.example`) this.#fail(`Call-ID ${answer.callId()}`)
          else this.#sample(performance.now() - startMs)
          sentMs.delete(answered)
          this.#answered += 1
          if (!this.#isOver) sendNext()
        }
        socket.uncork()
      })
    })
  }

  #sample(ms: number): void {
    if (this.#isMeasuring && this.#count < MAX_SAMPLES) {
      this.#samples[this.#count] = ms
      this.#count += 1
    }
  }

  #fail(what: string): void {
    if (!this.#isOver && this.#errors.length < MAX_ERRORS) this.#errors.push(what)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

process.once('message', (order: GeneratorOrder) => {
  const report = (message: GeneratorReport): void => {
    process.send?.(message)
  }
  void new Load(order).run(report).then(
    (result) => report({ kind: 'result', result }),
    (error: unknown) => {
      process.stderr.write(`generator: ${String(error)}\n`)
      process.exit(1)
    },
  )
})
process.once('disconnect', () => process.exit(0))
