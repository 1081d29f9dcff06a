import {
  type Attributes,
  type Context,
  SpanKind as OtelKind,
  type Span as OtelSpan,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import type { Sampler } from './sampler.ts'
import type { TraceContext } from './trace-context.ts'
import type { Span, SpanFacts, SpanKind, Tracer } from './tracer.ts'

const KINDS: Readonly<Record<SpanKind, OtelKind>> = {
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  consumer: OtelKind.CONSUMER,
  producer: OtelKind.PRODUCER,
  internal: OtelKind.INTERNAL,
}

/** How what names people is written. */
export interface SpanWords {
  readonly address: (address: string) => string
  readonly conversation: (id: string) => string
}

/** Our tracer on the SDK's. The SDK is only asked for messages that are followed: a span that is not recorded costs it 2 µs. */
export class SdkTracer implements Tracer {
  readonly #tracer: OtelTracer
  readonly #sampler: Sampler
  readonly address: (address: string) => string
  readonly conversation: (id: string) => string

  constructor(tracer: OtelTracer, sampler: Sampler, words: SpanWords) {
    this.#tracer = tracer
    this.#sampler = sampler
    this.address = words.address
    this.conversation = words.conversation
  }

  begin(name: string, kind: SpanKind): Span | undefined {
    return this.#sampler.isDrawn() ? this.#start(ROOT_CONTEXT, name, kind, {}) : undefined
  }

  resume(context: TraceContext | undefined, name: string, kind: SpanKind, facts: SpanFacts = {}): Span | undefined {
    if (context === undefined || !context.isSampled) return undefined
    return this.#start(trace.setSpanContext(ROOT_CONTEXT, { ...otelContext(context), isRemote: true }), name, kind, facts)
  }

  beginFailed(name: string, kind: SpanKind, startedAtMs: number): Span | undefined {
    if (!this.#sampler.isFailureWanted()) return undefined
    return this.#start(ROOT_CONTEXT, name, kind, { 'gatehouse.after_the_fact': true }, startedAtMs)
  }

  #start(parent: Context, name: string, kind: SpanKind, facts: SpanFacts, startedAtMs?: number): Span {
    return new SdkSpan({ tracer: this.#tracer, clock: new StayClock(), parent, name, kind, facts, startedAtMs })
  }
}

/** What a new span is made of. */
interface NewSpan {
  readonly tracer: OtelTracer
  readonly clock: StayClock
  readonly parent: Context
  readonly name: string
  readonly kind: SpanKind
  readonly facts: SpanFacts
  readonly startedAtMs?: number | undefined
}

class SdkSpan implements Span {
  readonly context: TraceContext
  readonly #tracer: OtelTracer
  readonly #clock: StayClock
  readonly #span: OtelSpan

  constructor({ tracer, clock, parent, name, kind, facts, startedAtMs }: NewSpan) {
    this.#tracer = tracer
    this.#clock = clock
    const options = { kind: KINDS[kind], attributes: attributesOf(facts), startTime: startedAtMs ?? clock.nowMs() }
    this.#span = tracer.startSpan(name, options, parent)
    const { traceId, spanId } = this.#span.spanContext()
    this.context = { traceId, spanId, isSampled: true }
  }

  child(name: string, kind: SpanKind = 'internal', facts: SpanFacts = {}): Span {
    return new SdkSpan({ tracer: this.#tracer, clock: this.#clock, parent: trace.setSpan(ROOT_CONTEXT, this.#span), name, kind, facts })
  }

  set(facts: SpanFacts): void {
    this.#span.setAttributes(attributesOf(facts))
  }

  link(context: TraceContext, facts: SpanFacts = {}): void {
    this.#span.addLink({ context: otelContext(context), attributes: attributesOf(facts) })
  }

  fail(errorType: string): void {
    this.#span.setAttribute('error.type', errorType)
    this.#span.setStatus({ code: SpanStatusCode.ERROR })
  }

  end(atMs?: number): void {
    this.#span.end(atMs ?? this.#clock.nowMs())
  }
}

/** The wall clock counts whole milliseconds and the fine clock drifts from it over days: the fine clock, set anew for each message. */
class StayClock {
  readonly #offsetMs: number

  constructor() {
    const fineMs = performance.timeOrigin + performance.now()
    const wallMs = Date.now()
    const isTrue = Math.abs(fineMs - wallMs) < MOST_DRIFT_MS
    this.#offsetMs = isTrue ? performance.timeOrigin : wallMs - performance.now()
  }

  nowMs(): number {
    return this.#offsetMs + performance.now()
  }
}

const MOST_DRIFT_MS = 2

function otelContext({ traceId, spanId, isSampled }: TraceContext): { traceId: string; spanId: string; traceFlags: TraceFlags } {
  return { traceId, spanId, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE }
}

/** The SDK would export a fact without a value as an empty one. */
function attributesOf(facts: SpanFacts): Attributes {
  const attributes: Attributes = {}
  for (const name in facts) if (facts[name] !== undefined) attributes[name] = facts[name]
  return attributes
}
