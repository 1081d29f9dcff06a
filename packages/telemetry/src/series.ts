import { type HrTime, ValueType } from '@opentelemetry/api'
import { millisToHrTime } from '@opentelemetry/core'
import {
  AggregationTemporality,
  type CollectionResult,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics'
import type { Labels, MetricEntry } from './metrics.ts'

/** One counter with its labels. */
export interface Counter {
  /** Adds `amount` (≥ 0). */
  add(amount?: number): void
}

/** One histogram with its labels. */
export interface Histogram {
  /** `traceId`: of a message that is followed, as the example of its bucket. */
  record(value: number, traceId?: string): void
}

/** One measured value whose trace can be looked at. */
export interface Exemplar {
  readonly traceId: string
  readonly value: number
  /** Milliseconds since the epoch. */
  readonly atMs: number
}

/** A histogram with its examples; one for each bucket, undefined where there is none. */
export interface HistogramWithExemplars {
  readonly labels: Labels
  readonly exemplars: readonly (Exemplar | undefined)[]
}

class CounterSeries implements Counter {
  readonly labels: Labels
  sum = 0

  constructor(labels: Labels) {
    this.labels = labels
  }

  add(amount = 1): void {
    this.sum += amount
  }
}

class HistogramSeries implements Histogram {
  readonly labels: Labels
  readonly boundaries: readonly number[]
  readonly counts: number[]
  readonly exemplars: (Exemplar | undefined)[]
  sum = 0
  count = 0

  constructor(labels: Labels, boundaries: readonly number[]) {
    this.labels = labels
    this.boundaries = boundaries
    this.counts = new Array<number>(boundaries.length + 1).fill(0)
    this.exemplars = new Array<Exemplar | undefined>(boundaries.length + 1).fill(undefined)
  }

  record(value: number, traceId?: string): void {
    let bucket = 0
    while (bucket < this.boundaries.length && value > this.boundaries[bucket]!) bucket++
    this.counts[bucket]!++
    this.sum += value
    this.count++
    if (traceId !== undefined) this.exemplars[bucket] = { traceId, value, atMs: Date.now() }
  }
}

// Buckets in seconds where a table gives none.
const DEFAULT_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** All series of one metric. */
class SeriesSet<S extends { readonly labels: Labels }> {
  readonly name: string
  readonly entry: MetricEntry
  readonly #make: (labels: Labels) => S
  readonly #byKey = new Map<string, S>()

  constructor(name: string, entry: MetricEntry, make: (labels: Labels) => S) {
    this.name = name
    this.entry = entry
    this.#make = make
  }

  of(labels: Labels): S {
    let key = ''
    for (const label of this.entry.labels) key += `${labels[label] ?? ''}\n`
    let series = this.#byKey.get(key)
    if (series === undefined) {
      series = this.#make(labels)
      this.#byKey.set(key, series)
    }
    return series
  }

  all(): S[] {
    return [...this.#byKey.values()]
  }
}

/**
 * Counters and histograms as plain numbers, read when somebody scrapes. The instruments of the SDK hash their labels at
 * every call, which on the way of a message costs more than all else that is counted there.
 */
export class SeriesStore implements MetricProducer {
  /** Counting began then; what is pushed has to say so, so that a restart is told from a decrease. */
  readonly #startTime = millisToHrTime(Date.now())
  readonly #counters = new Map<string, SeriesSet<CounterSeries>>()
  readonly #histograms = new Map<string, SeriesSet<HistogramSeries>>()

  define(name: string, entry: MetricEntry): void {
    const buckets = entry.buckets ?? DEFAULT_BUCKETS
    if (entry.type === 'counter') this.#counters.set(name, new SeriesSet(name, entry, (labels) => new CounterSeries(labels)))
    else this.#histograms.set(name, new SeriesSet(name, entry, (labels) => new HistogramSeries(labels, buckets)))
  }

  /** Undefined for a name that is not defined. */
  counter(name: string, labels: Labels): Counter | undefined {
    return this.#counters.get(name)?.of(labels)
  }

  histogram(name: string, labels: Labels): Histogram | undefined {
    return this.#histograms.get(name)?.of(labels)
  }

  /** Of one histogram, those of its series that have an example. */
  exemplarsOf(name: string): readonly HistogramWithExemplars[] {
    const series = this.#histograms.get(name)?.all() ?? []
    return series.filter(({ exemplars }) => exemplars.some((each) => each !== undefined))
  }

  async collect(): Promise<CollectionResult> {
    const now = millisToHrTime(Date.now())
    const times = { startTime: this.#startTime, endTime: now }
    const metrics = [
      ...[...this.#counters.values()].map((set) => counterData(set, times)),
      ...[...this.#histograms.values()].map((set) => histogramData(set, times)),
    ]
    const scopeMetrics = [{ scope: { name: 'gatehouse' }, metrics: metrics.filter((metric) => metric.dataPoints.length > 0) }]
    // The reader puts these beside what the SDK collected, under the resource of the SDK.
    const resource = {} as CollectionResult['resourceMetrics']['resource']
    return { resourceMetrics: { resource, scopeMetrics }, errors: [] }
  }
}

interface Times {
  readonly startTime: HrTime
  readonly endTime: HrTime
}

function counterData(set: SeriesSet<CounterSeries>, times: Times): MetricData {
  return {
    ...commonData(set),
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    dataPoints: set.all().map(({ labels, sum }) => ({ ...times, attributes: labels, value: sum })),
  }
}

function histogramData(set: SeriesSet<HistogramSeries>, times: Times): MetricData {
  return {
    ...commonData(set),
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: set.all().map(({ labels, boundaries, counts, sum, count }) => ({
      ...times,
      attributes: labels,
      value: { buckets: { boundaries: [...boundaries], counts: [...counts] }, sum, count },
    })),
  }
}

function commonData({ name, entry }: { name: string; entry: MetricEntry }): Pick<MetricData, 'descriptor' | 'aggregationTemporality'> {
  const descriptor = { name, description: entry.description, unit: entry.unit, valueType: ValueType.DOUBLE }
  return { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE }
}
