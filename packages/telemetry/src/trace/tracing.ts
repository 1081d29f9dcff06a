import type { ExportResult } from '@opentelemetry/core'
import { ExportResultCode } from '@opentelemetry/core'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace'
import { RecordingTracer, type SpanWords } from './recording-tracer.ts'
import { Sampler, type SamplingOptions } from './sampler.ts'
import { SpanIds } from './span-ids.ts'
import { silentTracer, type Tracer } from './tracer.ts'

export interface TracingOptions {
  readonly sampling: SamplingOptions
  /** How addresses and conversation ids stand in spans. */
  readonly words: SpanWords
  /** Stands in every span as `service.version`. */
  readonly version: string
}

export interface TracingDeps {
  readonly exporter: SpanExporter
  /** Told of each batch that went out, or did not and why. */
  readonly onExported: (spans: number, failure: string | undefined) => void
  readonly random?: () => number
  readonly nowMs?: () => number
  /** Spans wait so long for others to go with them. */
  readonly delayMs?: number
}

/** Spans that may wait for the collector; more are dropped, so that a collector that is away costs no memory. */
const MOST_WAITING = 8_192
const MOST_IN_BATCH = 512
const DELAY_MS = 1_000
const EXPORT_TIMEOUT_MS = 10_000

/** Traces of one process. Each of its services has a tracer of its own, so that a trace shows the services however they are deployed. */
export class Tracing {
  readonly #options: TracingOptions
  readonly #processor: SpanProcessor
  readonly #sampler: Sampler
  readonly #ids: SpanIds = new SpanIds()

  constructor(options: TracingOptions, deps: TracingDeps) {
    this.#options = options
    this.#sampler = new Sampler(options.sampling, { random: deps.random ?? Math.random, nowMs: deps.nowMs ?? (() => performance.now()) })
    this.#processor = new BatchSpanProcessor({
      exporter: reporting(deps.exporter, deps.onExported),
      maxQueueSize: MOST_WAITING,
      maxExportBatchSize: MOST_IN_BATCH,
      scheduledDelayMillis: deps.delayMs ?? DELAY_MS,
      exportTimeoutMillis: EXPORT_TIMEOUT_MS,
    })
  }

  tracer(service: string, replica: string): Tracer {
    const maker = {
      ids: this.#ids,
      resource: resourceFromAttributes({
        'service.namespace': 'gatehouse',
        'service.name': service,
        'service.instance.id': replica,
        'service.version': this.#options.version,
      }),
      scope: { name: 'gatehouse', version: this.#options.version },
      keep: (span: ReadableSpan) => this.#processor.onEnd(span),
    }
    return new RecordingTracer(maker, this.#sampler, this.#options.words)
  }

  /** Sends what waits. */
  async flush(): Promise<void> {
    await this.#processor.forceFlush().catch(() => undefined) // reported by then
  }

  /** Sends what waits; nothing is sent any more after that. */
  async stop(): Promise<void> {
    await this.#processor.shutdown().catch(() => undefined)
  }
}

/** Where nothing is exported. */
export const noTracing: Pick<Tracing, 'tracer' | 'stop'> = { tracer: () => silentTracer, stop: async () => undefined }

/** The SDK tells of failures through a logger that all of a process shares; we want them as a value. */
function reporting(exporter: SpanExporter, onExported: TracingDeps['onExported']): SpanExporter {
  return {
    export: (spans: ReadableSpan[], onDone: (result: ExportResult) => void) => {
      exporter.export(spans, (result) => {
        onExported(spans.length, result.code === ExportResultCode.SUCCESS ? undefined : (result.error?.message ?? 'unknown'))
        onDone({ code: ExportResultCode.SUCCESS })
      })
    },
    shutdown: () => exporter.shutdown(),
  }
}
