import {
  type Attributes,
  type HrTime,
  type Link,
  SpanKind as OtelKind,
  type SpanContext,
  type SpanStatus,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api'
import { type InstrumentationScope, millisToHrTime } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { SpanIds } from './span-ids.ts'
import type { TraceContext } from './trace-context.ts'
import type { LateFacts, Span, SpanFacts, SpanKind } from './tracer.ts'

const KINDS: Readonly<Record<SpanKind, OtelKind>> = {
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  consumer: OtelKind.CONSUMER,
  producer: OtelKind.PRODUCER,
  internal: OtelKind.INTERNAL,
}

/** Longest text in a span; what people or partners send may be long. */
const MAX_TEXT_CHARS = 256
/** Of one span; the first ones are kept. */
const MOST_LINKS = 32
const NO_EVENTS: ReadableSpan['events'] = []
const WELL: SpanStatus = { code: SpanStatusCode.UNSET }
const FAILED: SpanStatus = { code: SpanStatusCode.ERROR }

/** What all spans of one service have in common. */
export interface SpanMaker {
  readonly ids: SpanIds
  readonly resource: Resource
  readonly scope: InstrumentationScope
  /** Takes a span that has ended. */
  readonly keep: (span: ReadableSpan) => void
}

/** What a span begins with. */
export interface SpanStart {
  readonly name: string
  readonly kind: SpanKind
  readonly facts: SpanFacts | undefined
  /** The span above it; undefined: none. */
  readonly parent: TraceContext | undefined
  /** That one is another service's. */
  readonly isResumed: boolean
  /** Since the process began; with `offsetMs` since the epoch. */
  readonly startMs: number
  readonly offsetMs: number
}

/**
 * Where few messages are followed the code that follows them is cold each time, and every line of it costs ten times what it costs
 * in a loop. So a span notes times and what it was told while its message passes; what the exporter asks for is made
 * when a whole batch of spans is sent.
 */
export class RecordedSpan implements Span, ReadableSpan {
  readonly name: string
  readonly kind: OtelKind
  readonly context: TraceContext
  readonly events: ReadableSpan['events'] = NO_EVENTS
  readonly droppedAttributesCount = 0
  readonly droppedEventsCount = 0
  readonly droppedLinksCount = 0
  readonly #maker: SpanMaker
  readonly #parent: TraceContext | undefined
  readonly #isResumed: boolean
  readonly #startMs: number
  readonly #offsetMs: number
  #endMs: number | undefined = undefined
  #facts: (SpanFacts | LateFacts)[] | undefined
  #links: Link[] | undefined = undefined
  #errorType: string | undefined = undefined

  constructor(maker: SpanMaker, { name, kind, facts, parent, isResumed, startMs, offsetMs }: SpanStart) {
    this.#maker = maker
    this.name = name
    this.kind = KINDS[kind]
    this.#parent = parent
    this.#isResumed = isResumed
    const { ids } = maker
    this.context = { traceId: parent?.traceId ?? ids.traceId(), spanId: ids.spanId(), isSampled: true }
    this.#startMs = startMs
    this.#offsetMs = offsetMs
    this.#facts = facts === undefined ? undefined : [facts]
  }

  // ── while its message passes ──

  child(name: string, kind: SpanKind = 'internal', facts?: SpanFacts): Span {
    const startMs = performance.now()
    const offsetMs = this.#offsetMs
    return new RecordedSpan(this.#maker, { name, kind, facts, parent: this.context, isResumed: false, startMs, offsetMs })
  }

  set(facts: SpanFacts | LateFacts): void {
    if (this.#facts === undefined) this.#facts = [facts]
    else this.#facts.push(facts)
  }

  link(context: TraceContext, facts: SpanFacts = {}): void {
    this.#links ??= []
    if (this.#links.length < MOST_LINKS) this.#links.push({ context: exported(context, false), attributes: attributesOf([facts]) })
  }

  fail(errorType: string): void {
    this.#errorType = errorType
  }

  end(atMs?: number): void {
    if (this.#endMs !== undefined) return
    this.#endMs = atMs === undefined ? performance.now() : atMs - this.#offsetMs
    this.#maker.keep(this)
  }

  // ── when it is sent ──

  spanContext(): SpanContext {
    return exported(this.context, false)
  }

  get parentSpanContext(): SpanContext {
    return this.#parent === undefined ? NO_PARENT : exported(this.#parent, this.#isResumed)
  }

  get resource(): Resource {
    return this.#maker.resource
  }

  get instrumentationScope(): InstrumentationScope {
    return this.#maker.scope
  }

  get startTime(): HrTime {
    return millisToHrTime(this.#offsetMs + this.#startMs)
  }

  /** Never before its start, whatever time its end was given. */
  get endTime(): HrTime {
    return millisToHrTime(this.#offsetMs + Math.max(this.#startMs, this.#endMs ?? this.#startMs))
  }

  get duration(): HrTime {
    return millisToHrTime(Math.max(0, (this.#endMs ?? this.#startMs) - this.#startMs))
  }

  get ended(): boolean {
    return this.#endMs !== undefined
  }

  get status(): SpanStatus {
    return this.#errorType === undefined ? WELL : FAILED
  }

  get links(): Link[] {
    return this.#links ?? []
  }

  get attributes(): Attributes {
    const attributes = attributesOf(this.#facts ?? [])
    if (this.#errorType !== undefined) attributes['error.type'] = this.#errorType
    return attributes
  }
}

function exported({ traceId, spanId, isSampled }: TraceContext, isRemote: boolean): SpanContext {
  return { traceId, spanId, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote }
}

/** The exporter takes an empty id for none. */
const NO_PARENT: SpanContext = { traceId: '', spanId: '', traceFlags: TraceFlags.NONE }

/** The exporter would send a fact without a value as an empty one. */
function attributesOf(told: readonly (SpanFacts | LateFacts)[]): Attributes {
  const attributes: Attributes = {}
  for (const each of told) {
    const facts = typeof each === 'function' ? each() : each
    for (const name in facts) {
      const value = facts[name]
      if (value !== undefined) attributes[name] = typeof value === 'string' ? value.slice(0, MAX_TEXT_CHARS) : value
    }
  }
  return attributes
}
