import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { hrTimeToMilliseconds } from '@opentelemetry/core'
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace'
import type { SpanWords } from '../trace/recording-tracer.ts'
import type { SamplingOptions } from '../trace/sampler.ts'
import type { Tracer } from '../trace/tracer.ts'
import { Tracing } from '../trace/tracing.ts'
import type { SeenSpan } from './seen-span.ts'

/** Says of an address or id only how long it is. */
const LENGTHS: SpanWords = { address: (address) => `h(${address.length})`, conversation: (id) => `h(${id.length})` }

export interface CollectOptions extends Partial<SamplingOptions> {
  readonly words?: SpanWords
  readonly random?: () => number
}

/** Tracing that keeps what it would export, for tests in one process. */
export class CollectedSpans {
  readonly #exporter = new InMemorySpanExporter()
  readonly #tracing: Tracing

  constructor({ ratio = 1, failuresPerSecond = 0, words = LENGTHS, random }: CollectOptions = {}) {
    this.#tracing = new Tracing(
      { sampling: { ratio, failuresPerSecond }, words, version: 'test' },
      { exporter: this.#exporter, onExported: () => undefined, ...(random === undefined ? {} : { random }) },
    )
  }

  tracer(service = 'test'): Tracer {
    return this.#tracing.tracer(service, `${service}-0`)
  }

  /** Spans that have ended. */
  async all(): Promise<readonly SeenSpan[]> {
    await this.#tracing.flush()
    return this.#exporter.getFinishedSpans().map(seenSpan)
  }

  stop(): Promise<void> {
    return this.#tracing.stop()
  }
}

function seenSpan(span: ReadableSpan): SeenSpan {
  const { traceId, spanId } = span.spanContext()
  return {
    traceId,
    spanId,
    parentId: span.parentSpanContext?.spanId ?? '',
    name: span.name,
    kind: SpanKind[span.kind].toLowerCase(),
    service: String(span.resource.attributes['service.name']),
    startMs: hrTimeToMilliseconds(span.startTime),
    endMs: hrTimeToMilliseconds(span.endTime),
    facts: span.attributes,
    isError: span.status.code === SpanStatusCode.ERROR,
    links: span.links.map(({ context }) => ({ traceId: context.traceId, spanId: context.spanId })),
  }
}
