import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics'
import type { SpanExporter } from '@opentelemetry/sdk-trace'

/** A collector that is spoken to in OTLP over HTTP, JSON. */
export interface OtlpTarget {
  /** `https://host:4318`; `/v1/traces` and `/v1/metrics` are appended. */
  readonly endpoint: string
  /** Asked with every request, so that a token may change; must not throw. */
  readonly headers: () => Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** PEM texts. */
  readonly tls?: { readonly ca?: string | undefined; readonly cert?: string | undefined; readonly key?: string | undefined } | undefined
}

/** Requests that may be under way; what a slow collector does not take is dropped, not piled up. */
const MOST_UNDER_WAY = 4

export function otlpSpanExporter(target: OtlpTarget): SpanExporter {
  return new OTLPTraceExporter({ url: urlOf(target, 'traces'), ...settingsOf(target) })
}

export function otlpMetricExporter(target: OtlpTarget): PushMetricExporter {
  return new OTLPMetricExporter({ url: urlOf(target, 'metrics'), ...settingsOf(target) })
}

function urlOf({ endpoint }: OtlpTarget, signal: 'traces' | 'metrics'): string {
  return `${endpoint.replace(/\/+$/, '')}/v1/${signal}`
}

function settingsOf({ headers, timeoutMs, tls }: OtlpTarget): object {
  return {
    headers: async () => ({ ...headers() }),
    timeoutMillis: timeoutMs,
    concurrencyLimit: MOST_UNDER_WAY,
    keepAlive: true,
    ...(tls === undefined ? {} : { httpAgentOptions: { ...tls, keepAlive: true } }),
  }
}
