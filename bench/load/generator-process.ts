// The partners of a bench: phase by phase as much load as is ordered, every single answer checked.
import { LoopWatch } from '@gatehouse/test-integration'
import { LatencyHistogram } from './latency-histogram.ts'
import type { GeneratorOrder, GeneratorReport, PhaseOrder, PhaseResult } from './load-orders.ts'
import { PeerLink } from './peer-link.ts'

const LOOK_MS = 50
const SECOND_MS = 1000
/** Answers that are still due at the end of a phase get this long. */
const SETTLE_MS = 10_000

class Load {
  readonly #links: readonly PeerLink[]
  readonly #watch = new LoopWatch()

  constructor(order: GeneratorOrder) {
    this.#links = order.peers.map((_, index) => new PeerLink(order, index))
  }

  async connect(): Promise<void> {
    // A few at a time: handshakes are not what is measured here.
    for (let at = 0; at < this.#links.length; at += 8) await Promise.all(this.#links.slice(at, at + 8).map((link) => link.open()))
  }

  async run(phase: PhaseOrder, report: (report: GeneratorReport) => void): Promise<PhaseResult> {
    const answeredBefore = this.#answered()
    const begunMs = performance.now()
    for (const link of this.#links) link.begin(phase, begunMs)
    const ticker = setInterval(() => {
      const nowMs = performance.now()
      for (const link of this.#links) link.tick(nowMs)
    }, 1)
    await this.#warmUp(phase, answeredBefore)
    report({ kind: 'measuring' })
    for (const link of this.#links) link.count()
    this.#watch.take()
    const startedMs = performance.now()
    const cpu = process.cpuUsage()
    const p99MsBySecond = await this.#countSeconds(phase.measureMs)
    const used = process.cpuUsage(cpu)
    const measuredMs = performance.now() - startedMs
    const peers = this.#links.map((link) => link.end())
    clearInterval(ticker)
    report({ kind: 'measured' })
    const pauses = this.#watch.take()
    const all = this.#merged((link) => link.latencies)
    const late = this.#merged((link) => link.delays)
    await this.#settle()
    const errors = this.#links.flatMap((link) => link.errors.splice(0)).slice(0, 10)
    const lateness = { lateP99Ms: late.p99Ms(), lateMaxMs: late.maxMs() }
    return { peers, measuredMs, cpuMs: (used.user + used.system) / 1000, errors, p99MsBySecond, pauses, ...lateness, ...all.latency() }
  }

  close(): void {
    for (const link of this.#links) link.close()
  }

  /** Lets the time pass; gives the 99th percentile of each second. */
  async #countSeconds(measureMs: number): Promise<number[]> {
    const p99Ms: number[] = []
    for (let leftMs = measureMs; leftMs > 0; leftMs -= SECOND_MS) {
      await pause(Math.min(leftMs, SECOND_MS))
      p99Ms.push(Math.round(this.#merged((link) => link.latest).p99Ms() * 100) / 100)
      for (const link of this.#links) link.latest.clear()
    }
    return p99Ms
  }

  #merged(histogramOf: (link: PeerLink) => LatencyHistogram): LatencyHistogram {
    const all = new LatencyHistogram()
    for (const link of this.#links) all.addAll(histogramOf(link))
    return all
  }

  #answered(): number {
    return this.#links.reduce((sum, link) => sum + link.answeredEver, 0)
  }

  /** Until the JIT has seen enough messages, however slow the machine is just now, and not a moment less than `warmUpMs`. */
  async #warmUp({ warmUpMs, warmUpMessages, maxWarmUpMs }: PhaseOrder, answeredBefore: number): Promise<void> {
    const startedMs = performance.now()
    for (;;) {
      await pause(Math.min(LOOK_MS, warmUpMs))
      const passedMs = performance.now() - startedMs
      if (passedMs >= maxWarmUpMs || (passedMs >= warmUpMs && this.#answered() - answeredBefore >= warmUpMessages)) return
    }
  }

  async #settle(): Promise<void> {
    const startedMs = performance.now()
    while (this.#links.some((link) => link.openRequests > 0) && performance.now() - startedMs < SETTLE_MS) await pause(LOOK_MS)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function report(message: GeneratorReport): void {
  process.send?.(message)
}

function end(error: unknown): void {
  process.stderr.write(`generator: ${String(error)}\n`)
  process.exit(1)
}

let load: Load | undefined
process.on('message', (order: GeneratorOrder | PhaseOrder) => {
  if (order.kind === 'connect') {
    load = new Load(order)
    load.connect().then(() => report({ kind: 'connected' }), end)
  } else load?.run(order, report).then((result) => report({ kind: 'result', result }), end)
})
process.once('disconnect', () => {
  load?.close()
  process.exit(0)
})
