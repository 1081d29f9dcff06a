import { hostname } from 'node:os'
import {
  clearWords,
  createLogger,
  hashedWords,
  type Logger,
  type LoggerOptions,
  MetricsPush,
  MetricsRegistry,
  noTracing,
  type OtlpTarget,
  otlpMetricExporter,
  otlpSpanExporter,
  type Tracer,
  Tracing,
  telemetryMetrics,
} from '@gatehouse/telemetry'
import { VERSION } from '../commands/version.ts'
import { readText } from '../read-text.ts'
import { readAddressKey } from './address-key.ts'
import { collectorHeaders } from './collector-headers.ts'
import { ExportWatch } from './export-watch.ts'
import type { TelemetryConfig } from './telemetry-config.ts'

/** What a process tells of itself. */
export interface Telemetry {
  readonly log: Logger
  readonly metrics: MetricsRegistry
  readonly tracer: (service: string, replica: string) => Tracer
  start(): void
  /** Sends what waits, when everything else has stopped. */
  stop(): Promise<void>
}

export interface TelemetryPlace {
  /** Of the process, in log and metrics. */
  readonly service: string
  readonly cwd: string
  readonly stateDir: string
  readonly logTo: Pick<LoggerOptions, 'destination' | 'isPretty' | 'hasColours'>
}

/** Throws a GH-TELEMETRY or GH-CLI-FILE code when a file that it names is of no use. */
export function openTelemetry(config: TelemetryConfig, place: TelemetryPlace): Telemetry {
  const { service, stateDir, cwd } = place
  const key = config.addresses.mode === 'hashed' ? readAddressKey(config.addresses.keyFile, stateDir) : undefined
  const log = createLogger({
    service,
    level: config.log.level,
    ...place.logTo,
    ...(key === undefined ? {} : { hashAddresses: { key } }),
  })
  const metrics = new MetricsRegistry()
  const counts = metrics.register(telemetryMetrics)
  const { otlp } = config
  if (otlp === undefined) return { log, metrics, tracer: noTracing.tracer, start: () => undefined, stop: async () => undefined }
  const target = targetOf(otlp, cwd)
  const watch = new ExportWatch(log)
  const tracing = otlp.traces
    ? new Tracing(
        { sampling: config.traces, words: key === undefined ? clearWords : hashedWords(key), version: VERSION },
        {
          exporter: otlpSpanExporter(target),
          onExported: (spans, failure) => {
            counts.add('gatehouse_telemetry_spans_total', spans, { result: failure === undefined ? 'sent' : 'lost' })
            watch.note('traces', failure)
          },
        },
      )
    : noTracing
  const push = otlp.metrics
    ? new MetricsPush(
        { service, replica: hostname(), version: VERSION, intervalMs: otlp.metricsIntervalS * 1_000 },
        {
          metrics,
          exporter: otlpMetricExporter(target),
          onExported: (failure) => {
            counts.add('gatehouse_telemetry_metric_pushes_total', 1, { result: failure === undefined ? 'sent' : 'lost' })
            watch.note('metrics', failure)
          },
        },
      )
    : undefined
  return {
    log,
    metrics,
    tracer: (name, replica) => tracing.tracer(name, replica),
    start: () => push?.start(),
    stop: async () => {
      await Promise.all([tracing.stop(), push?.stop()])
    },
  }
}

function targetOf({ endpoint, headersFile, tls, timeoutMs }: NonNullable<TelemetryConfig['otlp']>, cwd: string): OtlpTarget {
  const read = (file: string | undefined): string | undefined => (file === undefined ? undefined : readText(cwd, file))
  return {
    endpoint,
    timeoutMs,
    headers: collectorHeaders(headersFile),
    ...(tls === undefined ? {} : { tls: { ca: read(tls.caFile), cert: read(tls.certFile), key: read(tls.keyFile) } }),
  }
}
