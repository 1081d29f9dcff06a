import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources'
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics'
import type { MetricsRegistry } from './metrics.ts'

export interface MetricsPushOptions {
  readonly service: string
  readonly replica: string
  readonly version: string
  readonly intervalMs: number
}

export interface MetricsPushDeps {
  readonly metrics: MetricsRegistry
  readonly exporter: PushMetricExporter
  /** Told of each attempt. */
  readonly onExported: (failure: string | undefined) => void
}

/** Sends all metrics of a process to a collector, again and again: what Prometheus would scrape, under the same names. */
export class MetricsPush {
  readonly #options: MetricsPushOptions
  readonly #deps: MetricsPushDeps
  readonly #resource: Resource
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(options: MetricsPushOptions, deps: MetricsPushDeps) {
    this.#options = options
    this.#deps = deps
    this.#resource = resourceFromAttributes({
      'service.namespace': 'gatehouse',
      'service.name': options.service,
      'service.instance.id': options.replica,
      'service.version': options.version,
    })
  }

  start(): void {
    this.#timer = setInterval(() => {
      // a collector that takes longer than the interval gets the next ones
      this.#running ??= this.push().finally(() => {
        this.#running = undefined
      })
    }, this.#options.intervalMs)
    this.#timer.unref()
  }

  /** One attempt; never rejects. */
  async push(): Promise<void> {
    const { metrics, exporter, onExported } = this.#deps
    const { resourceMetrics } = await metrics.collect()
    const result = await new Promise<ExportResult>((resolve) => exporter.export({ ...resourceMetrics, resource: this.#resource }, resolve))
    onExported(result.code === ExportResultCode.SUCCESS ? undefined : (result.error?.message ?? 'unknown'))
  }

  /** Sends the last values. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
    await this.push()
    await this.#deps.exporter.shutdown()
  }
}
