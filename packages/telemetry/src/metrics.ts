import { errorsOf } from '@gatehouse/errors'
import type { Meter } from '@opentelemetry/api'
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { type CollectionResult, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { telemetryCodes } from './errors.ts'
import { openMetricsText } from './open-metrics.ts'
import { type Counter, type Histogram, SeriesStore } from './series.ts'

const telemetryError = errorsOf(telemetryCodes)

/** One line of a service's metrics table; the docs and a test read it. */
export interface MetricEntry {
  readonly type: 'counter' | 'histogram' | 'gauge'
  /** UCUM: `1`, `s`, `By`, `{message}`. */
  readonly unit: string
  readonly description: string
  readonly labels: readonly string[]
  /** Upper bounds; histograms only. */
  readonly buckets?: readonly number[]
}

/** Name → line. Names are complete: `gatehouse_<service>_<what>`; counters end in `_total`. */
export type MetricTable = Readonly<Record<string, MetricEntry>>

export type Labels = Readonly<Record<string, string>>

type NamesOf<T extends MetricTable, K extends MetricEntry['type']> = { [N in keyof T]: T[N]['type'] extends K ? N : never }[keyof T] &
  string

/** The instruments of one table. */
export interface Metrics<T extends MetricTable> {
  /** Adds `amount` (≥ 0). */
  add(name: NamesOf<T, 'counter'>, amount?: number, labels?: Labels): void
  /** Records one value of a histogram. `traceId`: of a message that is followed, as the example of its bucket. */
  record(name: NamesOf<T, 'histogram'>, value: number, labels?: Labels, traceId?: string): void
  /** One series, for a place that counts with every message: nothing is looked up any more. */
  counter(name: NamesOf<T, 'counter'>, labels?: Labels): Counter
  histogram(name: NamesOf<T, 'histogram'>, labels?: Labels): Histogram
  /** `read` is called at each scrape and gives every series of the gauge. */
  observe(name: NamesOf<T, 'gauge'>, read: () => Iterable<readonly [value: number, labels?: Labels]>): void
}

/** The reader asks for all metrics when somebody scrapes; nothing is pushed. */
class ScrapeReader extends MetricReader {
  protected onForceFlush(): Promise<void> {
    return Promise.resolve()
  }
  protected onShutdown(): Promise<void> {
    return Promise.resolve()
  }
}

const NAME = /^gatehouse_[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/

/** All metrics of one process or of one embedded gateway. Made once, passed to every service. */
export class MetricsRegistry {
  readonly #series = new SeriesStore()
  readonly #reader = new ScrapeReader({ metricProducers: [this.#series] })
  readonly #serializer = new PrometheusSerializer(undefined, false, undefined, true, true)
  readonly #tables: MetricTable[] = []
  readonly #names = new Set<string>()
  #meter: Meter | undefined
  #provider: MeterProvider | undefined

  /** Makes the instruments of `table`. Throws GH-TELEMETRY-METRIC-TWICE / -NAME on a broken table. */
  register<const T extends MetricTable>(table: T): Metrics<T> {
    for (const [name, entry] of Object.entries(table)) {
      if (this.#names.has(name)) throw telemetryError('GH-TELEMETRY-METRIC-TWICE', name)
      if (!isGoodName(name, entry)) throw telemetryError('GH-TELEMETRY-METRIC-NAME', name)
      this.#names.add(name)
    }
    this.#tables.push(table)
    return new TableMetrics(this.#meterNow(), this.#series, table)
  }

  /** What is registered, for docs. */
  tables(): readonly MetricTable[] {
    return this.#tables
  }

  /** Everything in OpenMetrics text 1.0, with traces as examples. */
  async openMetricsText(): Promise<string> {
    const { resourceMetrics } = await this.collect()
    return openMetricsText(resourceMetrics, (name) => this.#series.exemplarsOf(name))
  }

  /** Everything as it is now, for an exporter. */
  async collect(): Promise<CollectionResult> {
    this.#meterNow()
    return await this.#reader.collect()
  }

  /** Everything in Prometheus text format 0.0.4. */
  async text(): Promise<string> {
    const { resourceMetrics, errors } = await this.collect()
    const text = this.#serializer.serialize(resourceMetrics)
    return errors.length === 0 ? text : `${text}# ${errors.length} gauges could not be read\n`
  }

  async stop(): Promise<void> {
    await this.#provider?.shutdown()
  }

  #meterNow(): Meter {
    if (this.#meter === undefined) {
      this.#provider = new MeterProvider({ readers: [this.#reader] })
      this.#meter = this.#provider.getMeter('gatehouse')
    }
    return this.#meter
  }
}

class TableMetrics<T extends MetricTable> implements Metrics<T> {
  readonly #series: SeriesStore
  readonly #readers = new Map<string, (() => Iterable<readonly [number, Labels?]>)[]>()

  constructor(meter: Meter, series: SeriesStore, table: T) {
    this.#series = series
    for (const [name, entry] of Object.entries(table)) {
      if (entry.type === 'gauge') this.#observeAll(meter, name, { description: entry.description, unit: entry.unit })
      else series.define(name, entry)
    }
  }

  add(name: NamesOf<T, 'counter'>, amount = 1, labels: Labels = {}): void {
    this.counter(name, labels).add(amount)
  }

  record(name: NamesOf<T, 'histogram'>, value: number, labels: Labels = {}, traceId?: string): void {
    this.histogram(name, labels).record(value, traceId)
  }

  counter(name: NamesOf<T, 'counter'>, labels: Labels = {}): Counter {
    return this.#series.counter(name, labels) as Counter // defined: the name is one of the table
  }

  histogram(name: NamesOf<T, 'histogram'>, labels: Labels = {}): Histogram {
    return this.#series.histogram(name, labels) as Histogram
  }

  observe(name: NamesOf<T, 'gauge'>, read: () => Iterable<readonly [value: number, labels?: Labels]>): void {
    this.#readers.get(name)?.push(read)
  }

  #observeAll(meter: Meter, name: string, about: { description: string; unit: string }): void {
    const readers: (() => Iterable<readonly [number, Labels?]>)[] = []
    this.#readers.set(name, readers)
    meter.createObservableGauge(name, about).addCallback((result) => {
      for (const read of readers) for (const [value, labels] of read()) result.observe(value, labels ?? {})
    })
  }
}

function isGoodName(name: string, entry: MetricEntry): boolean {
  return (
    NAME.test(name) && (entry.type === 'counter') === name.endsWith('_total') && (entry.buckets === undefined || entry.type === 'histogram')
  )
}
