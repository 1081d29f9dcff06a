import { FineClock } from './fine-clock.ts'
import { RecordedSpan, type SpanMaker } from './recorded-span.ts'
import type { Sampler } from './sampler.ts'
import type { TraceContext } from './trace-context.ts'
import type { Span, SpanFacts, SpanKind, Tracer } from './tracer.ts'

/** How what names people is written. */
export interface SpanWords {
  readonly address: (address: string) => string
  readonly conversation: (id: string) => string
}

/** Makes spans of the messages that are drawn, and nothing of the others. */
export class RecordingTracer implements Tracer {
  readonly #maker: SpanMaker
  readonly #sampler: Sampler
  readonly #clock: FineClock = new FineClock()
  readonly address: (address: string) => string
  readonly conversation: (id: string) => string

  constructor(maker: SpanMaker, sampler: Sampler, words: SpanWords) {
    this.#maker = maker
    this.#sampler = sampler
    this.address = words.address
    this.conversation = words.conversation
  }

  begin(name: string, kind: SpanKind): Span | undefined {
    return this.#sampler.isDrawn() ? this.#start(undefined, name, kind, undefined) : undefined
  }

  resume(context: TraceContext | undefined, name: string, kind: SpanKind, facts?: SpanFacts): Span | undefined {
    if (context === undefined || !context.isSampled) return undefined
    return this.#start(context, name, kind, facts)
  }

  beginFailed(name: string, kind: SpanKind, startedAtMs: number): Span | undefined {
    if (!this.#sampler.isFailureWanted()) return undefined
    return this.#start(undefined, name, kind, { 'gatehouse.after_the_fact': true }, startedAtMs)
  }

  #start(parent: TraceContext | undefined, name: string, kind: SpanKind, facts: SpanFacts | undefined, startedAtMs?: number): Span {
    const fineMs = performance.now()
    const offsetMs = this.#clock.offsetAt(fineMs)
    const startMs = startedAtMs === undefined ? fineMs : startedAtMs - offsetMs
    return new RecordedSpan(this.#maker, { name, kind, facts, parent, isResumed: true, startMs, offsetMs })
  }
}
